"""Spans of wall time: when mail may leave, and when it must be quiet."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from nurture.domain.clocks import instant

EVERY_DAY = frozenset(range(7))


class NeverOpens(ValueError):
    """The window has no weekday, or closures cover all that can be looked ahead."""


def span(day: date, begins: time, ends: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """First instant, and the instant after the last. `ends` at or before `begins` is tomorrow's."""
    last_day = day + timedelta(days=ends <= begins)
    return instant(day, begins, zone), instant(last_day, ends, zone)


@dataclass(frozen=True, slots=True)
class Window:
    """When mail may leave: weekdays (Monday is 0) and wall times.

    `closes` at or before `opens` means the next morning: the day on which the window opens
    decides the weekday.
    """

    weekdays: frozenset[int] = EVERY_DAY
    opens: time = time(8)
    closes: time = time(20)

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= EVERY_DAY:
            raise NeverOpens("A window needs at least one weekday, from 0 (Monday) to 6.")

    def span(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The window that opens on `day`."""
        return span(day, self.opens, self.closes, zone)

    def wall_day(self, day: date, wall: time) -> date:
        """On which date clocks show `wall` within the window that opens on `day`, if they do."""
        return day + timedelta(days=self.closes <= self.opens and wall < self.opens)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of every day in which nothing leaves, for example from nine at night until seven."""

    begins: time
    ends: time

    def until(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet that covers this moment ends; None if it is not quiet."""
        today = moment.astimezone(zone).date()
        for offset in (-1, 0, 1):
            begins, ends = span(today + timedelta(days=offset), self.begins, self.ends, zone)
            if begins <= moment < ends:
                return ends
        return None
