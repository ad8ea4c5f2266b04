"""The mails that are kept: newest first, bounded, and on disk too where a spool folder is given."""

import threading
from collections import OrderedDict
from datetime import UTC, datetime
from pathlib import Path

from config.local.inbox.mail import Mail

MOST_MAILS = 5_000
MOST_BYTES = 128 * 1024 * 1024


class Store:
    """Written by the SMTP thread and read by HTTP threads, so every method takes the lock."""

    def __init__(
        self,
        *,
        spool: Path | None = None,
        most_mails: int = MOST_MAILS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._spool = spool
        self._most_mails = most_mails
        self._most_bytes = most_bytes
        self._mails: OrderedDict[str, Mail] = OrderedDict()
        self._read: set[str] = set()
        self._bytes = 0
        self._accepted = 0
        self._changes = 0
        self._lock = threading.RLock()
        if spool is not None:
            spool.mkdir(parents=True, exist_ok=True)
            self._reload(spool)

    @property
    def accepted(self) -> int:
        """How many mails came in since the start, those that were dropped later included."""
        return self._accepted

    @property
    def changes(self) -> int:
        """Grows with everything that the list of mails shows."""
        return self._changes

    def add(self, mail: Mail) -> None:
        """Keep a mail. Once this returns it is on disk, if there is a spool."""
        with self._lock:
            if self._spool is not None:
                _write(self._spool, mail)
            self._keep(mail)
            self._accepted += 1

    def newest_first(self) -> list[Mail]:
        with self._lock:
            return list(reversed(self._mails.values()))

    def get(self, mail_id: str) -> Mail | None:
        """The mail with this id, or the last one for `latest`."""
        with self._lock:
            if mail_id == "latest" and self._mails:
                return next(reversed(self._mails.values()))
            return self._mails.get(mail_id)

    def is_read(self, mail: Mail) -> bool:
        return mail.id in self._read

    def mark_read(self, mail: Mail) -> None:
        with self._lock:
            if mail.id in self._mails and mail.id not in self._read:
                self._read.add(mail.id)
                self._changes += 1

    def delete(self, mail_ids: list[str]) -> None:
        """Forget these mails, or all if the list is empty."""
        with self._lock:
            for mail_id in mail_ids or list(self._mails):
                if mail_id in self._mails:
                    self._drop(self._mails[mail_id])

    def _keep(self, mail: Mail) -> None:
        self._mails[mail.id] = mail
        self._bytes += len(mail.raw)
        self._changes += 1
        while len(self._mails) > self._most_mails or (
            self._bytes > self._most_bytes and len(self._mails) > 1
        ):
            self._drop(next(iter(self._mails.values())))

    def _drop(self, mail: Mail) -> None:
        del self._mails[mail.id]
        self._read.discard(mail.id)
        self._bytes -= len(mail.raw)
        self._changes += 1
        if self._spool is not None:
            _file(self._spool, mail).unlink(missing_ok=True)

    def _reload(self, spool: Path) -> None:
        for path in sorted(spool.glob("*.eml")):
            microseconds, _, mail_id = path.stem.partition("-")
            created = datetime.fromtimestamp(int(microseconds) / 1_000_000, UTC)
            mail = Mail(path.read_bytes(), id=mail_id, created=created)
            self._keep(mail)
            self._read.add(mail.id)


def _write(spool: Path, mail: Mail) -> None:
    path = _file(spool, mail)
    draft = path.with_suffix(".draft")
    draft.write_bytes(mail.raw)
    draft.replace(path)


def _file(spool: Path, mail: Mail) -> Path:
    return spool / f"{round(mail.created.timestamp() * 1_000_000):017d}-{mail.id}.eml"
