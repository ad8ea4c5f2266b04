"""A process that kills itself in front of its n-th statement, commit or SMTP command."""

import os
import signal
from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from nurture.mail import smtp

_seen = 0
_last = 0


def crash_at(number: int) -> None:
    """Count from here on. Number 0 never comes, and only counts."""
    global _last  # noqa: PLW0603
    _last = number
    watch(CursorWrapper, "execute")
    watch(BaseDatabaseWrapper, "commit")
    watch(BaseDatabaseWrapper, "_commit")
    watch(smtp.Connection, "_command")
    watch(smtp.Connection, "_reply")
    watch(smtp.Connection, "hand_over")


def seen() -> int:
    return _seen


def watch(owner: Any, name: str) -> None:
    real: Callable[..., Any] = getattr(owner, name)

    def counted(*arguments: Any, **options: Any) -> Any:
        global _seen  # noqa: PLW0603
        _seen += 1
        if _seen == _last:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)

    setattr(owner, name, counted)
