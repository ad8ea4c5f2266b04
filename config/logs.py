"""What a log line may tell. A diagnosis can stand in a path, a key to a person in a link."""

import logging
import re
from types import TracebackType

PARTS = frozenset(
    {"admin", "api", "documents", "health", "hooks", "media", "p", "signup", "static"}
)
LINKS = frozenset({"c", "d", "k", "m", "r", "u", "x"})
# PostgreSQL says which value was refused, and the value can be somebody's address.
DETAIL = re.compile(r"\nDETAIL: .*")

Problem = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def part(path: str) -> str:
    """Which part of the site a path leads to; what could tell more is "page" or "link"."""
    first = path.lstrip("/").partition("/")[0].partition("?")[0]
    if first in LINKS:
        return "link"
    return first if first in PARTS else "page"


class WithoutPaths(logging.Filter):
    """Django's own loggers name the path that was asked for; here they name its part."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                part(argument)
                if isinstance(argument, str) and argument.startswith("/")
                else argument
                for argument in record.args
            )
        return True


class Line(logging.Formatter):
    """One line a record, and tracebacks without the values that the database refused."""

    def formatException(self, ei: Problem) -> str:  # noqa: N802 - logging's name
        return DETAIL.sub("", super().formatException(ei))
