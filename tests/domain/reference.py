"""When a step is due, found by looking at one moment after the other. Slow and plain.

Nothing of `zoneinfo` is used but "what do the clocks show at this instant". All clock changes
and window times that we feed in lie on a quarter of an hour, so looking every quarter is enough.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from nurture.domain.schedule import Window

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
DAYS_TO_LOOK = 60


class Reference:
    """One zone and one window, with what was found out about its days."""

    def __init__(self, zone: ZoneInfo, window: Window) -> None:
        self.zone = zone
        self.window = window
        self.spans: dict[date, tuple[datetime, datetime]] = {}

    def due(
        self, *, first: date, not_before: datetime, closures: Collection[date]
    ) -> datetime | None:
        """The first moment that is open, or None within the days that we look at."""
        for moment in self.moments(first, not_before):
            if any(
                day >= first
                and day.weekday() in self.window.weekdays
                and day not in closures
                and self.is_open(day, moment)
                for day in self.days_around(moment)
            ):
                return moment
        return None

    def moments(self, first: date, not_before: datetime) -> Iterator[datetime]:
        """`not_before` itself if it counts, then each quarter of an hour after it."""
        earliest = datetime.combine(first, time(0), tzinfo=UTC) - DAY
        start = max(earliest, not_before.astimezone(UTC))
        yield start
        quarter = start.replace(minute=0, second=0, microsecond=0)
        while quarter < start + DAYS_TO_LOOK * DAY:
            quarter += QUARTER
            if quarter > start:
                yield quarter

    def days_around(self, moment: datetime) -> list[date]:
        today = self.wall(moment).date()
        return [today + offset * DAY for offset in (-2, -1, 0, 1)]

    def is_open(self, day: date, moment: datetime) -> bool:
        if day not in self.spans:
            overnight = self.window.closes <= self.window.opens
            self.spans[day] = (
                self.shown(datetime.combine(day, self.window.opens)),
                self.shown(datetime.combine(day + overnight * DAY, self.window.closes)),
            )
        opens, closes = self.spans[day]
        return opens <= moment < closes

    def wall(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone).replace(tzinfo=None, fold=0)

    def shown(self, wanted: datetime) -> datetime:
        """The first moment at which clocks show `wanted`; skipped, it is that much later."""
        moment = wanted.replace(tzinfo=UTC) - DAY
        while self.wall(moment) != wanted:
            before = self.wall(moment)
            moment += QUARTER
            if before < wanted < self.wall(moment):
                return moment - QUARTER + (wanted - before)
        return moment
