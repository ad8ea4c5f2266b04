"""One child process: its own session, its output in a log file, ended by its own id only."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from config.local.account import Account
from config.local.trouble import Trouble

LINES_SHOWN = 15
PATIENCE_SECONDS = 15.0
POLL_SECONDS = 0.05


class ChildError(Trouble):
    """A child died or never became ready. The text carries the end of its log."""


@dataclass
class Child:
    """`stop_signals` are sent in turn, each with its patience; what is left then is killed."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signals: Sequence[signal.Signals] = (signal.SIGTERM,)
    asked: bool = False

    @property
    def pid(self) -> int:
        return self.process.pid

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Return once `ready()` is true. Raises ChildError if the child dies or time runs out."""
        deadline = time.monotonic() + seconds
        # Alive first: somebody else's server on the same port may satisfy the probe.
        while self.is_alive() and not ready():
            if time.monotonic() > deadline:
                raise ChildError(self.describe(f"was not ready after {seconds:.0f} seconds"))
            time.sleep(POLL_SECONDS)
        if not self.is_alive():
            raise ChildError(self.describe(f"ended with status {self.process.returncode}"))

    def describe(self, what: str) -> str:
        return f"{self.name} {what}. The end of {self.log}:\n{tail(self.log)}"

    def ask_to_stop(self) -> None:
        """Send the first signal and return at once. `stop` is still needed."""
        self.asked = True
        self.process.send_signal(self.stop_signals[0])

    def stop(self, *, patience: float = PATIENCE_SECONDS) -> None:
        """End the child and everything it started. May be called again."""
        if self.process.returncode is not None:
            return
        offspring = descendants(self.pid)
        if not self.asked:  # a second SIGTERM would hurry Celery
            self.ask_to_stop()
        for harsher in (*self.stop_signals[1:], signal.SIGKILL):
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
                break
            self.process.send_signal(harsher)
        self.process.wait()
        kill(offspring)


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    account: Account | None = None,
    stop_signals: Sequence[signal.Signals] = (signal.SIGTERM,),
) -> Child:
    """Start `command` in a session of its own, so that Ctrl-C in the terminal is ours alone."""
    switched = account is not None and account.switched
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(os.environ if environment is None else environment),
            cwd=folder,
            start_new_session=True,
            user=account.uid if account and switched else None,
            group=account.gid if account and switched else None,
            extra_groups=[] if switched else None,
        )
    return Child(name=name, process=process, log=log, stop_signals=stop_signals)


def descendants(pid: int) -> list[psutil.Process]:
    """psutil remembers when each of them was born, so a recycled id is never mistaken for one."""
    found: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        found = psutil.Process(pid).children(recursive=True)
    return found


def kill(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(is_alive(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def is_alive(process: psutil.Process) -> bool:
    """A zombie is dead: in a container it may stay for ever, as nobody there collects it."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def tail(log: Path, *, lines: int = LINES_SHOWN) -> str:
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "(no log)"
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) or "    (empty)"
