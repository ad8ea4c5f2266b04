"""Where a list goes on. Opaque to clients; what does not come from us is refused."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from cms.api.problems import bad_parameter

NULL_DATE, NULL_TIME = date(1, 1, 1), datetime.fromisoformat("0001-01-01T00:00:00+00:00")
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Order:
    """A way to sort: SQL that is never NULL, and how its values are written."""

    sql: str
    read: Any
    descending: bool = False

    @property
    def direction(self) -> str:
        return "DESC" if self.descending else "ASC"

    @property
    def after(self) -> str:
        """SQL for what comes after a value and an id."""
        return f"({self.sql}, document.id) {'<' if self.descending else '>'} (%s, %s)"


TITLE = "document.title"
FIRST = "coalesce(document.first_published_at, '0001-01-01 00:00+00')"
LAST = "coalesce(document.last_published_at, '0001-01-01 00:00+00')"
REVIEWED = "coalesce(document.last_reviewed, '0001-01-01')"

ORDERS = {
    "title": Order(TITLE, str),
    "-title": Order(TITLE, str, descending=True),
    "first_published": Order(FIRST, datetime.fromisoformat),
    "-first_published": Order(FIRST, datetime.fromisoformat, descending=True),
    "last_published": Order(LAST, datetime.fromisoformat),
    "-last_published": Order(LAST, datetime.fromisoformat, descending=True),
}
REVIEW_ORDERS = {
    "last_reviewed": Order(REVIEWED, date.fromisoformat),
    "-last_reviewed": Order(REVIEWED, date.fromisoformat, descending=True),
}


def write(order: str, value: Any, pk: int) -> str:
    text = value if isinstance(value, str) else value.isoformat()
    packed = json.dumps([order, text, pk], separators=(",", ":")).encode()
    return urlsafe_b64encode(packed).decode().rstrip("=")


def read(cursor: str, *, order: str, orders: dict[str, Order]) -> tuple[Any, int]:
    """The value and the id that it stands for. It belongs to one order."""
    try:
        packed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        named, text, pk = json.loads(packed)
        value = orders[order].read(text)
        if isinstance(value, datetime):
            value = value.astimezone(UTC)
    except (Error, ValueError, TypeError, KeyError, RecursionError, OverflowError):
        raise refused("It is not one that we gave.") from None
    if not isinstance(pk, int) or not 0 < pk <= LARGEST_ID or "\x00" in text:
        raise refused("It is not one that we gave.")
    if named != order:
        raise refused(f"It belongs to order={named}; use it with that or begin again.")
    return value, pk


def write_number(number: int) -> str:
    return urlsafe_b64encode(str(number).encode()).decode().rstrip("=")


def read_number(cursor: str | None) -> int:
    """What `write_number` wrote; 0, the beginning, without one."""
    if cursor is None:
        return 0
    try:
        text = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode("ascii")
    except (Error, ValueError):
        raise refused("It is not one that we gave.") from None
    if not text.isdecimal() or len(text) >= len(str(LARGEST_ID)):
        raise refused("It is not one that we gave.")
    return int(text)


def refused(reason: str) -> Exception:
    return bad_parameter("cursor", reason)
