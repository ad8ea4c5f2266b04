"""Something that happens in front of the n-th statement, commit or SMTP command of a process."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from nurture.mail import smtp

POINTS: tuple[tuple[Any, str], ...] = (
    (CursorWrapper, "execute"),
    (BaseDatabaseWrapper, "commit"),
    (BaseDatabaseWrapper, "_commit"),
    (smtp.Connection, "_command"),
    (smtp.Connection, "_reply"),
    (smtp.Connection, "hand_over"),
)
_seen = 0


def crash_at(number: int) -> None:
    """Die at this point, from here on. Number 0 never comes, and only counts."""
    for owner, name in POINTS:
        watch(owner, name, number, lambda: os.kill(os.getpid(), signal.SIGKILL))


@contextmanager
def at_point(number: int, act: Callable[[], object]) -> Iterator[Callable[[], int]]:
    """Do something at this point; yields how many points there were."""
    global _seen  # noqa: PLW0603
    _seen = 0
    real = [(owner, name, getattr(owner, name)) for owner, name in POINTS]
    for owner, name in POINTS:
        watch(owner, name, number, act)
    try:
        yield seen
    finally:
        for owner, name, was in real:
            setattr(owner, name, was)


def seen() -> int:
    return _seen


def watch(owner: Any, name: str, number: int, act: Callable[[], object]) -> None:
    real: Callable[..., Any] = getattr(owner, name)

    def counted(*arguments: Any, **options: Any) -> Any:
        global _seen  # noqa: PLW0603
        _seen += 1
        if _seen == number:
            act()
        return real(*arguments, **options)

    setattr(owner, name, counted)
