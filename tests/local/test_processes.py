import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.local import children
from config.local.children import ChildError
from config.local.processes import BusyError, Processes, Record

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"]
# A run that starts a child and a grandchild, and is killed before it can end them.
KILLED_RUN = """
import os, signal, sys
from pathlib import Path
from config.local.processes import Processes
processes = Processes(Path(sys.argv[1]))
processes.claim()
processes.start("sleeper", ["sh", "-c", "sleep 60 & wait"], environment=os.environ)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    run = Processes(tmp_path)
    run.claim()
    yield run
    run.stop()


def test_a_child_is_ready_when_the_probe_says_so(processes: Processes, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    command = ["sh", "-c", 'touch "$0"; exec sleep 60', str(flag)]

    processes.start("flagger", command, environment=os.environ, ready=flag.exists)

    assert flag.exists()


def test_a_child_that_dies_shows_the_end_of_its_log(processes: Processes) -> None:
    command = ["sh", "-c", "echo the disk is full >&2; exit 3"]

    with pytest.raises(ChildError, match=r"(?s)web ended with status 3.*the disk is full"):
        processes.start("web", command, environment=os.environ, ready=lambda: False)


def test_a_child_that_is_never_ready_runs_out_of_time(processes: Processes) -> None:
    with pytest.raises(ChildError, match="web was not ready after 0 seconds"):
        processes.start("web", SLEEP, environment=os.environ, ready=lambda: False, seconds=0.2)


def test_stopping_ends_the_last_started_first(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []
    stop = children.Child.stop

    def noted(child: children.Child) -> None:
        ended.append(child.name)
        stop(child)

    monkeypatch.setattr(children.Child, "stop", noted)
    for name in ("first", "second"):
        processes.start(name, SLEEP, environment=os.environ)

    processes.stop()

    assert ended == ["second", "first"]


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    child = children.start("stubborn", STUBBORN, log=tmp_path / "log")
    child.wait_until(lambda: "up" in (tmp_path / "log").read_text(), seconds=10)

    child.stop(patience=0.2)

    assert child.process.returncode == -signal.SIGKILL


def test_what_a_child_started_ends_with_it(tmp_path: Path) -> None:
    child = children.start("parent", ["sh", "-c", "sleep 60 & wait"], log=tmp_path / "log")
    child.wait_until(lambda: bool(children.descendants(child.pid)), seconds=10)
    offspring = children.descendants(child.pid)

    child.stop()

    assert not any(children.is_alive(process) for process in offspring)


def test_a_child_that_ended_by_itself_is_noticed(processes: Processes) -> None:
    child = processes.start("beat", ["true"], environment=os.environ)
    child.process.wait()

    with pytest.raises(ChildError, match="beat ended by itself"):
        processes.check()


def test_leftovers_of_a_killed_run_are_ended(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", KILLED_RUN, str(tmp_path)], check=False)
    _, pid, born = json.loads((tmp_path / "pids.json").read_text())["children"][0]
    left = Record("sleeper", pid, born).process()

    processes = Processes(tmp_path)
    ended = processes.claim()
    processes.stop()

    assert run.returncode == -signal.SIGKILL
    assert left is not None
    assert ended == ["sleeper"]
    assert not children.is_alive(left)


def test_a_stranger_with_a_recycled_id_is_left_alone(tmp_path: Path) -> None:
    stranger = children.start("stranger", SLEEP, log=tmp_path / "log")
    recycled = ["web", stranger.pid, time.time() - 3600]
    dead = ["owner", stranger.pid, time.time() - 3600]
    (tmp_path / "pids.json").write_text(json.dumps({"owner": dead, "children": [recycled]}))

    processes = Processes(tmp_path)
    ended = processes.claim()
    survived = stranger.is_alive()
    processes.stop()
    stranger.stop()

    assert ended == []
    assert survived


def test_a_folder_in_use_is_refused_with_advice(tmp_path: Path) -> None:
    other = children.start("other", SLEEP, log=tmp_path / "log")
    owner = Record.of("owner", other.pid)
    (tmp_path / "pids.json").write_text(json.dumps({"owner": owner, "children": []}))

    with pytest.raises(BusyError, match=f"Process {other.pid} runs in .* stop it first"):
        Processes(tmp_path).claim()
    other.stop()


def test_a_damaged_record_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "pids.json").write_text('{"owner": [')

    processes = Processes(tmp_path)
    ended = processes.claim()
    processes.stop()

    assert ended == []
