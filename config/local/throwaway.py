"""PostgreSQL and Redis that live as long as one command: for tests and for `config.local.run`."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from config.local import account, postgres, redis
from config.local.environment import local_environment
from config.local.processes import BusyError, Processes

SECRET = "the same in each run, so that mails and links can be compared"  # noqa: S105
SITE_URL = "http://localhost:8000"
# Tests that send start a server of their own; nothing listens on the discard port.
NO_SMTP_PORT = 9


@dataclass
class Throwaway:
    """Servers in a folder named after our process. `stop` ends them and removes the folder."""

    processes: Processes
    environment: dict[str, str]

    def stop(self) -> None:
        self.processes.stop()
        shutil.rmtree(self.processes.folder, ignore_errors=True)  # a server may still be tidying


def start(given: Mapping[str, str]) -> Throwaway:
    """Start what `given` does not name, and complete it to the environment of an installation."""
    processes = _claim_folder()
    given = {name: value for name, value in given.items() if value}
    try:
        complete = _environment(processes, given) | given
    except BaseException:
        processes.stop()
        raise
    return Throwaway(processes, complete)


def _claim_folder() -> Processes:
    home = account.private_folder(purpose="throwaway")
    processes = Processes(home / f"{os.getpid()}-{secrets.token_hex(3)}")
    with _alone(home):
        for abandoned in home.glob("*-*"):
            _remove(abandoned)
        processes.claim()
    return processes


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Two that start together must not take each other's new folder for an abandoned one."""
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove(folder: Path) -> None:
    """End the servers of a run that was killed, and remove its folder."""
    with suppress(BusyError):
        Processes(folder).claim()
        shutil.rmtree(folder, ignore_errors=True)  # a server that ends now empties it as well


def _environment(processes: Processes, given: Mapping[str, str]) -> dict[str, str]:
    folder = processes.folder
    for name in ("media", "static"):
        (folder / name).mkdir()
    return local_environment(
        database_url=given.get("DATABASE_URL") or _start_postgres(processes),
        redis_url=given.get("REDIS_URL") or _start_redis(processes),
        smtp_port=NO_SMTP_PORT,
        site_url=SITE_URL,
        secret=SECRET,
        media_root=folder / "media",
        static_root=folder / "static",
    )


def _start_postgres(processes: Processes) -> str:
    server = postgres.start(processes.folder / "postgres", fast=True)
    processes.add(server.server)
    return server.ensure_database("rehabit")


def _start_redis(processes: Processes) -> str:
    server = redis.start(processes.folder / "redis")
    processes.add(server.server)
    return server.url
