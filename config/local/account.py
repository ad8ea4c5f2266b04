"""The account that PostgreSQL runs under, and the folders that this account can reach.

PostgreSQL refuses to run as root. Started by root it runs as a system user of its own, and that
user can enter neither a home with mode 0700 nor a virtual environment below one. Nothing here
loosens the rights of a folder that somebody else made.
"""

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from config.local.trouble import Trouble

SYSTEM_USER = "pgserver"
LAST_RESORT = "nobody"
PERSISTENT_TEMPORARY = Path("/var/tmp")  # noqa: S108 - what we make there is checked to be ours


class AccountError(Trouble):
    """No account that can run the server, or a folder that is not ours."""


@dataclass(frozen=True)
class Account:
    """`switched` is true where the server must run under another account than we do."""

    uid: int
    gid: int
    switched: bool

    def can_reach(self, path: Path) -> bool:
        """Whether this account may enter `path`, or the folder where `path` will be made."""
        existing = path.resolve()
        while not existing.exists():
            existing = existing.parent
        folders = [existing, *existing.parents] if existing.is_dir() else list(existing.parents)
        return not self.switched or all(self._may_enter(folder) for folder in folders)

    def own(self, folder: Path) -> Path:
        """Make `folder` for this account alone."""
        folder.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        if self.switched:
            os.chown(folder, self.uid, self.gid)
        return folder

    def _may_enter(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def choose() -> Account:
    """Our own account, or for root the system user of the server, made on first use."""
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid(), switched=False)
    entry = _look_up(SYSTEM_USER) or _create(SYSTEM_USER) or _look_up(LAST_RESORT)
    if entry is None:
        raise AccountError("PostgreSQL cannot run as root: run this as an ordinary user.")
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, switched=True)


def private_folder(*, purpose: str) -> Path:
    """A short path below /var/tmp that is the same in each run, for one user and one purpose.

    Others may pass through (the server's account has to) but neither list nor write.
    """
    top = PERSISTENT_TEMPORARY / f"rehabit-{os.geteuid()}"
    top.mkdir(mode=0o711, exist_ok=True)
    status = top.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise AccountError(f"{top} belongs to somebody else: remove it and start again.")
    top.chmod(0o711)
    folder = top / sha256(purpose.encode()).hexdigest()[:12]
    folder.mkdir(mode=0o711, exist_ok=True)
    folder.chmod(0o711)
    return folder


def _look_up(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _create(name: str) -> pwd.struct_passwd | None:
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        return None
    command = [program, "--system", "--no-create-home", "--shell", "/bin/sh", name]
    subprocess.run(command, check=False, capture_output=True)
    return _look_up(name)
