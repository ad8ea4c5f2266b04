"""When a step is due: local calendar days, then forward into the sequence's window.

Clock changes: a wall time that a change skips is moved forward by the size of the gap; one that
happens twice means the first. Zones are resolved at the target date, never at the start.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HORIZON_DAYS = 800
EVERY_DAY = frozenset(range(7))


class NeverOpens(ValueError):
    """The window has no weekday, or closures cover all that can be looked ahead."""


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
        """First instant, and the instant after the last, of the window that opens on `day`."""
        last_day = day + timedelta(days=self.closes <= self.opens)
        return instant(day, self.opens, zone), instant(last_day, self.closes, zone)


def instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The UTC instant at which clocks in `zone` show `wall` on `day`, by the rules above."""
    local = datetime.combine(day, wall, tzinfo=zone).replace(fold=0)
    return local.astimezone(UTC)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    return aware(moment).astimezone(zone).date()


def aware(moment: datetime) -> datetime:
    """The moment itself. Raises `ValueError` for a naive one, which means nothing to us."""
    if moment.utcoffset() is None:
        raise ValueError(f"naive datetime: {moment.isoformat()}")
    return moment


def due(
    *,
    anchor: date,
    wait_days: int,
    window: Window,
    zone: ZoneInfo,
    not_before: datetime,
    closures: Collection[date] = (),
) -> datetime:
    """The first instant in the window, `wait_days` after `anchor` or later, not in the past.

    `anchor` is a date in the person's own calendar. The answer is in UTC. Raises `NeverOpens`.
    """
    aware(not_before)
    first = anchor + timedelta(days=wait_days)
    # A day is skipped at once if it lies before the eve of `not_before`: late ticks stay cheap.
    start = max(first, local_date(not_before, zone) - timedelta(days=2))
    for offset in range(HORIZON_DAYS):
        day = start + timedelta(days=offset)
        if day.weekday() not in window.weekdays or day in closures:
            continue
        opens, closes = window.span(day, zone)
        if closes > max(not_before, opens):
            return max(opens, not_before).astimezone(UTC)
    raise NeverOpens(f"No open day within {HORIZON_DAYS} days after {first.isoformat()}.")
