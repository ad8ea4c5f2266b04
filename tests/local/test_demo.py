"""The demo as a person runs it, killed in the middle and run again. About a minute."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config.local import children, demo_state, ports
from config.local.processes import Processes, Record

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]


def command(folder: Path, *options: str) -> list[str]:
    port = str(ports.free_port())
    module = [sys.executable, "-m", "config.local.demo", "--folder", str(folder)]
    return [*module, "--port", port, *options]


def bare_environment() -> dict[str, str]:
    """Without the servers of the test run, as on a machine that has only Python."""
    return {name: value for name, value in os.environ.items() if not name.endswith("_URL")}


def test_a_demo_that_was_killed_runs_again_and_every_mail_comes_once(folder: Path) -> None:
    log = folder / "first.log"
    first = children.start("first", command(folder), log=log, environment=bare_environment())
    first.wait_until(lambda: "Week 1:" in log.read_text(), seconds=600)
    shared = demo_state.environment(folder)
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()

    second = subprocess.run(
        command(folder, "--exit", "--seconds", "2"),
        env=bare_environment(),
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )

    assert shared is not None
    assert shared["DATABASE_URL"].startswith("postgresql://postgres@")
    assert "ended what an interrupted run left: beat, worker, web, inbox" in second.stdout
    assert "All 29 planned mails came, each exactly once." in second.stdout
    assert (second.returncode, second.stderr) == (0, "")
    assert not Processes(folder).is_busy()
    assert demo_state.environment(folder) is None


def test_ctrl_c_stops_everything_and_is_no_error(folder: Path) -> None:
    log = folder / "demo.log"
    demo = children.start("demo", command(folder), log=log, environment=bare_environment())
    demo.wait_until(lambda: "Redis" in log.read_text(), seconds=60)

    demo.process.send_signal(signal.SIGINT)
    demo.process.wait(120)

    assert demo.process.returncode == 0
    assert "stopping everything" in log.read_text()
    assert "Traceback" not in log.read_text()
    assert not (folder / "pids.json").exists()


def test_a_second_demo_in_the_same_folder_is_refused_in_one_line(folder: Path) -> None:
    owner = children.start("owner", ["sleep", "60"], log=folder / "owner.log")
    state = {"owner": Record.of("owner", owner.pid), "children": []}
    (folder / "pids.json").write_text(json.dumps(state))

    refused = subprocess.run(
        command(folder), env=bare_environment(), check=False, capture_output=True, text=True
    )
    owner.stop()

    assert refused.returncode == 1
    assert refused.stderr.strip().startswith(f"Process {owner.pid} runs in {folder} already")
    assert "\n" not in refused.stderr.strip()
