"""The processes of one run, written down so that the next run can end what a `kill -9` left."""

import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import psutil

from config.local import children
from config.local.trouble import Trouble

STATE_FILE = "pids.json"
READY_SECONDS = 60.0
# The kernel's clock is corrected while it runs; a recycled id is many seconds younger.
SAME_BIRTH_SECONDS = 2.0


class BusyError(Trouble):
    """Another run that is alive uses the same folder."""


class Record(NamedTuple):
    """A process id means nothing without the time of birth: the system uses ids again."""

    name: str
    pid: int
    born: float

    @classmethod
    def of(cls, name: str, pid: int) -> "Record":
        return cls(name, pid, psutil.Process(pid).create_time())

    def process(self) -> psutil.Process | None:
        """The living process of this record, and never another one that got its id."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.born) < SAME_BIRTH_SECONDS
            if same and children.is_alive(process):
                return process
        return None


@dataclass
class Processes:
    """Use one for each run: `claim`, then `start` and `add`, at the end `stop`."""

    folder: Path
    log_folder: Path | None = None
    running: list[children.Child] = field(default_factory=list)

    def claim(self) -> list[str]:
        """Take the folder and return the names of leftovers that were ended.

        Raises BusyError while the run that has the folder is alive.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        owner, left = self._read()
        if owner is not None and self.is_busy():
            raise BusyError(
                f"Process {owner.pid} runs in {self.folder} already: stop it first, with Ctrl-C "
                f"in its terminal or `kill {owner.pid}`."
            )
        ended = [record.name for record in reversed(left) if _end(record)]
        self._write()
        return ended

    def is_busy(self) -> bool:
        """Whether the run that claimed this folder is alive."""
        owner, _ = self._read()
        return owner is not None and owner.process() is not None

    def add(self, child: children.Child) -> children.Child:
        """Take charge of a child that was started elsewhere."""
        self.running.append(child)
        self._write()
        return child

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str],
        ready: Callable[[], bool] | None = None,
        seconds: float = READY_SECONDS,
    ) -> children.Child:
        """Start a child and wait until `ready()`. Raises ChildError with the end of its log."""
        logs = self.log_folder or self.folder
        logs.mkdir(parents=True, exist_ok=True)
        log = logs / f"{name}.log"
        log.unlink(missing_ok=True)
        child = self.add(children.start(name, command, log=log, environment=environment))
        if ready is not None:
            child.wait_until(ready, seconds=seconds)
        return child

    def check(self) -> None:
        """Raise ChildError if one of them has died."""
        for child in self.running:
            if not child.is_alive():
                raise children.ChildError(child.describe("ended by itself"))

    def stop(self, *, at_once: Collection[str] = ()) -> None:
        """End all, the last first, and give the folder back.

        Those named in `at_once` need nothing of each other and are asked at the same time.
        """
        for child in self.running:
            if child.name in at_once:
                child.ask_to_stop()
        while self.running:
            self.running.pop().stop()
        self._state_file.unlink(missing_ok=True)

    @property
    def _state_file(self) -> Path:
        return self.folder / STATE_FILE

    def _read(self) -> tuple[Record | None, list[Record]]:
        try:
            state = json.loads(self._state_file.read_text(encoding="utf-8"))
            return Record(*state["owner"]), [Record(*record) for record in state["children"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None, []

    def _write(self) -> None:
        alive = [child for child in self.running if child.is_alive()]
        state = {
            "owner": Record.of("owner", os.getpid()),
            "children": [Record.of(child.name, child.pid) for child in alive],
        }
        # Whoever is killed while writing leaves the old file whole.
        draft = self._state_file.with_suffix(".draft")
        draft.write_text(json.dumps(state), encoding="utf-8")
        draft.replace(self._state_file)


def _end(record: Record) -> bool:
    """End what a record speaks of, with all that it started, by these processes' ids only."""
    process = record.process()
    if process is None:
        return False
    offspring = children.descendants(process.pid)
    with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
        process.terminate()
        process.wait(children.PATIENCE_SECONDS)
    children.kill([process, *offspring])
    return True
