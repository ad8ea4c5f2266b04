"""What a step waits for: so many hours, days or weeks after something."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from nurture.domain.clocks import instant, local_date
from nurture.domain.window import EVERY_DAY

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)


class DateMissing(LookupError):
    """The step counts from a date that this person has not given."""


class Unit(StrEnum):
    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"


class After(StrEnum):
    """What a wait counts from."""

    PREVIOUS = "previous"
    START = "start"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Wait:
    """`count` hours, local calendar days or weeks after something, then on to a weekday.

    A count below zero is a time before a date ("three days before the surgery").
    """

    count: int
    unit: Unit = Unit.DAYS
    after: After = After.PREVIOUS
    date_name: str = ""
    weekday: int | None = None

    def __post_init__(self) -> None:
        if self.count < 0 and self.after != After.DATE:
            raise ValueError("only a date has a time before it")
        if self.weekday is not None and self.weekday not in EVERY_DAY:
            raise ValueError("a weekday is a number from 0 (Monday) to 6")

    @property
    def length(self) -> timedelta:
        units = {Unit.HOURS: timedelta(hours=1), Unit.DAYS: DAY, Unit.WEEKS: WEEK}
        return self.count * units[self.unit]

    @property
    def is_weekly(self) -> bool:
        """Long enough to choose a weekday without changing the rhythm."""
        return self.weekday is not None or abs(self.length) >= WEEK


@dataclass(frozen=True, slots=True)
class Anchors:
    """What a person's waits count from. `previous` is when the last mail went out."""

    start: datetime
    previous: datetime | None = None
    dates: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first day whose window counts, the first instant, and what they count from."""

    day: date
    moment: datetime
    after: After


def begin(wait: Wait, anchors: Anchors, zone: ZoneInfo) -> Beginning:
    """Raises `DateMissing`."""
    if wait.after == After.DATE:
        if wait.date_name not in anchors.dates:
            raise DateMissing(wait.date_name)
        day, after = anchors.dates[wait.date_name], After.DATE
        moment = instant(day, time(0), zone)
    else:
        from_start = wait.after == After.START or anchors.previous is None
        moment = anchors.start if from_start else anchors.previous or anchors.start
        after = After.START if from_start else After.PREVIOUS
        day = local_date(moment, zone)
    if wait.unit == Unit.HOURS:
        earliest = moment + wait.length
        # The window that opened the evening before may still be open.
        return Beginning(local_date(earliest, zone) - DAY, earliest, after)
    return Beginning(day + wait.length, LONG_AGO, after)


def distance(wait: Wait, before: Wait | None) -> int:
    """How many days stay between a late mail and the one before it, of which `before` is the wait.

    A wait after the previous mail keeps its distance by itself. One that counts from the start or
    a date keeps the distance that was planned, so that catching up never bunches two weeks.
    """
    if wait.after == After.PREVIOUS or before is None:
        return 0
    if (before.after, before.date_name) == (wait.after, wait.date_name):
        return max((wait.length - before.length).days, 0)
    return 0 if wait.unit == Unit.HOURS else 1
