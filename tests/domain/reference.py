"""When a step is due, found by looking at one minute after the other. Slow and plain.

Nothing of `zoneinfo` is used but "what do the clocks show at this instant", and nothing of the
product but its dataclasses: each rule is asked of each minute.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from nurture.domain.schedule import After, Anchors, Calendar, Person, Priority, Unit, Wait

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DAYS_TO_LOOK = 60


@lru_cache(maxsize=100_000)
def shown(wanted: datetime, zone: ZoneInfo) -> datetime:
    """The first moment at which clocks show `wanted`; skipped, it is that much later."""
    moment = wanted.replace(tzinfo=UTC) - 15 * HOUR
    while wall(moment + 3 * HOUR, zone) < wanted:  # no change is larger than two hours
        moment += HOUR
    while wall(moment, zone) != wanted:
        before = wall(moment, zone)
        moment += MINUTE
        if before < wanted < wall(moment, zone):
            return moment - MINUTE + (wanted - before)
    return moment


def wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


@dataclass
class Reference:
    """One question, answered by looking."""

    wait: Wait
    anchors: Anchors
    calendar: Calendar
    person: Person
    not_before: datetime
    apart: int = 0
    priority: Priority = Priority.PROGRAMME

    def due(self) -> datetime | None:
        """The first moment that every rule allows, or None within the days that we look at."""
        first, earliest = self.begins()
        for moment in self.moments(max(earliest, self.not_before)):
            if any(self.allows(day, first, moment) for day in self.days_around(moment)):
                return moment
        return None

    def begins(self) -> tuple[date, datetime]:
        previous, zone = self.anchors.previous, self.person.zone
        origin = self.anchors.start
        if self.wait.after == After.PREVIOUS and previous:
            origin = previous
        day = wall(origin, zone).date()
        if self.wait.after == After.DATE:
            day = self.anchors.dates[self.wait.date_name]
            origin = shown(datetime.combine(day, time(0)), zone)
        earliest = datetime(2020, 1, 1, tzinfo=UTC)
        if self.wait.unit == Unit.HOURS:
            earliest = origin + self.wait.count * HOUR
            day = wall(earliest, zone).date() - DAY
        else:
            day += self.wait.count * (7 if self.wait.unit == Unit.WEEKS else 1) * DAY
        if self.apart and previous:
            day = max(day, wall(previous, zone).date() + self.apart * DAY)
        return day, max(earliest, datetime.combine(day, time(0), tzinfo=UTC) - DAY)

    def moments(self, start: datetime) -> Iterator[datetime]:
        """The start itself, then each full minute after it."""
        start = start.astimezone(UTC)
        yield start
        minute = start.replace(second=0, microsecond=0)
        while minute < start + DAYS_TO_LOOK * DAY:
            minute += MINUTE
            yield minute

    def days_around(self, moment: datetime) -> list[date]:
        today = wall(moment, self.person.zone).date()
        return [today + offset * DAY for offset in (-2, -1, 0, 1)]

    def allows(self, day: date, first: date, moment: datetime) -> bool:
        """Whether the window that opens on `day` lets a mail out at this moment."""
        return (
            day >= first
            and day.weekday() in self.weekdays()
            and day not in self.calendar.closures
            and self.is_open(day, moment)
            and not self.is_quiet(moment)
            and not self.is_full(wall(moment, self.person.zone).date())
        )

    def weekdays(self) -> frozenset[int]:
        of_window, own = self.calendar.window.weekdays, self.person.weekday
        days = self.wait.count * {Unit.HOURS: 1 / 24, Unit.DAYS: 1, Unit.WEEKS: 7}[self.wait.unit]
        may_choose = self.wait.weekday is not None or abs(days) >= 7
        if own in of_window and own is not None and may_choose:
            return frozenset({own})
        return of_window if self.wait.weekday is None else frozenset({self.wait.weekday})

    def between(self, day: date, begins: time, ends: time) -> tuple[datetime, datetime]:
        end_day = day if begins < ends else day + DAY
        zone = self.person.zone
        return (
            shown(datetime.combine(day, begins), zone),
            shown(datetime.combine(end_day, ends), zone),
        )

    def is_open(self, day: date, moment: datetime) -> bool:
        window, hour = self.calendar.window, self.person.hour
        opens, closes = self.between(day, window.opens, window.closes)
        if hour is not None:
            own_day = day + DAY if window.closes <= window.opens and hour < window.opens else day
            own = shown(datetime.combine(own_day, hour), self.person.zone)
            opens = own if opens <= own < closes else opens
        return opens <= moment < closes

    def is_quiet(self, moment: datetime) -> bool:
        quiet = self.calendar.quiet
        if quiet is None:
            return False
        spans = [self.between(day, quiet.begins, quiet.ends) for day in self.days_around(moment)]
        return any(begins <= moment < ends for begins, ends in spans)

    def is_full(self, day: date) -> bool:
        cap = self.calendar.cap
        if cap is None or self.priority <= Priority.CONFIRMATION:
            return False
        counted = [
            other
            for other, priority in self.person.taken
            if Priority.CHECK_IN_REPLY <= priority <= self.priority
        ]
        spells = [[day + (n - back) * DAY for n in range(cap.days)] for back in range(cap.days)]
        return any(sum(other in spell for other in counted) >= cap.most for spell in spells)
