"""The data folder of a PostgreSQL cluster: where it lies, made whole or not at all, and ours."""

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import psutil

from config.local import account, children
from config.local.trouble import Trouble

SUPERUSER = "postgres"
# Fast (SIGINT) ends the sessions and writes a checkpoint; immediate (SIGQUIT) leaves recovery.
STOP_SIGNALS = (signal.SIGINT, signal.SIGQUIT)
INITDB = (
    f"--username={SUPERUSER}",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)


class PostgresError(Trouble):
    """The server cannot start. The text may carry the end of its log."""


def reachable(folder: Path, runs_as: account.Account) -> Path:
    """`folder`, or one that stands in for it; whoever removes `folder` begins anew in both."""
    if runs_as.can_reach(folder):
        return folder
    elsewhere = account.private_folder(purpose=f"postgres {folder}")
    note = folder / "data-elsewhere.txt"
    if not note.exists():
        if (elsewhere / "data").exists():
            claim(elsewhere / "data", runs_as)
        shutil.rmtree(elsewhere / "data", ignore_errors=True)
        note.write_text(f"{elsewhere}\n", encoding="utf-8")
    return elsewhere


def create(data: Path, *, programs: Path, runs_as: account.Account, fast: bool) -> None:
    """All or nothing: an initdb that was killed leaves a folder that the next run throws away."""
    unfinished = data.with_name("data.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    runs_as.own(unfinished)
    command = [str(programs / "initdb"), *INITDB, "-D", str(unfinished)]
    command += ["--no-sync"] if fast else []
    log = data.with_name("initdb.log")
    log.unlink(missing_ok=True)
    child = children.start(
        "initdb", command, log=log, environment=environment(), folder=Path("/"), account=runs_as
    )
    if child.process.wait() != 0:
        raise PostgresError(child.describe("could not make a database cluster"))
    unfinished.rename(data)


def claim(data: Path, runs_as: account.Account) -> None:
    """End the server that a killed run left behind, and see that the data are ours."""
    if data.stat().st_uid != runs_as.uid:
        raise PostgresError(f"{data} belongs to another user: remove it or run as that user.")
    left = _leftover(data)
    if left is None:
        return
    for number in STOP_SIGNALS:
        with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            left.send_signal(number)
            left.wait(children.PATIENCE_SECONDS)
    children.kill([left] if left.is_running() else [])


def _leftover(data: Path) -> psutil.Process | None:
    """The postmaster that runs on `data`, or None.

    If the number in its pid file went to a stranger, or to a zombie that nobody reaps, the file is
    removed: PostgreSQL would take either for a rival and refuse to start.
    """
    pid_file = data / "postmaster.pid"
    try:
        process = psutil.Process(int(pid_file.read_text().split()[0]))
        if str(data) in process.cmdline():
            return process
    except (psutil.ZombieProcess, psutil.AccessDenied):
        pass
    except (FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
        return None
    pid_file.unlink()
    return None


def environment() -> dict[str, str]:
    """Ours without PGDATA, PGPORT and their like, which would change what the programs do."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
