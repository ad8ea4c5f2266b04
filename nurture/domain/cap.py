"""How many mails one person gets, over all programmes. A cap defers, it never drops."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum


class Priority(IntEnum):
    """Who goes first. A mail waits for those above it and for its equals, never for those below."""

    SAFETY_NOTICE = 1
    CONFIRMATION = 2
    CHECK_IN_REPLY = 3
    PROGRAMME = 4
    NEWSLETTER = 5


# These go out whatever else does, and nobody's programme waits because of them.
UNCAPPED = frozenset({Priority.SAFETY_NOTICE, Priority.CONFIRMATION})

Taken = Iterable[tuple[date, Priority]]


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `most` mails in any `days` days of the person's calendar."""

    most: int
    days: int = 1

    def __post_init__(self) -> None:
        if self.most < 1 or self.days < 1:
            raise ValueError("a cap of less than one mail or one day would drop mail")

    def is_full(self, day: date, priority: Priority, taken: Taken) -> bool:
        """Whether one more of this priority on `day` would be too many."""
        if priority in UNCAPPED:
            return False
        counted = [when for when, other in taken if other not in UNCAPPED and other <= priority]
        first_days = (day - timedelta(days=back) for back in range(self.days))
        return any(self._within(first, counted) >= self.most for first in first_days)

    def _within(self, first: date, days: list[date]) -> int:
        end = first + timedelta(days=self.days)
        return sum(first <= day < end for day in days)
