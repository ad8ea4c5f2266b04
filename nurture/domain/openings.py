"""Where a mail may land on one day, and what moves it on."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from nurture.domain import clocks
from nurture.domain.cap import Cap, Priority
from nurture.domain.clocks import instant, local_date
from nurture.domain.waiting import DAY, After, Wait
from nurture.domain.window import Quiet, Window


class Why(StrEnum):
    """What made a date what it is. Codes, in the order in which they took effect."""

    AFTER_PREVIOUS = "after_previous"
    AFTER_START = "after_start"
    AFTER_DATE = "after_date"
    KEEPS_DISTANCE = "keeps_distance"  # late, and not to be bunched with the mail before
    NOT_IN_THE_PAST = "not_in_the_past"
    STEP_WEEKDAY = "step_weekday"
    OWN_WEEKDAY = "own_weekday"
    WINDOW_WEEKDAY = "window_weekday"
    CLOSURE = "closure"
    WINDOW_HOURS = "window_hours"
    OWN_HOUR = "own_hour"
    QUIET_HOURS = "quiet_hours"
    CAP = "cap"
    CLOCKS_FORWARD = "clocks_forward"
    CLOCKS_BACK = "clocks_back"
    DATE_MISSING = "date_missing"
    NEVER_OPENS = "never_opens"


AFTER = {
    After.PREVIOUS: Why.AFTER_PREVIOUS,
    After.START: Why.AFTER_START,
    After.DATE: Why.AFTER_DATE,
}


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the practice decides: the sequence's window, closures, quiet hours, a cap."""

    window: Window
    closures: Collection[date] = ()
    quiet: Quiet | None = None
    cap: Cap | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What a person decides and already gets: `taken` holds the local dates of other mails."""

    zone: ZoneInfo
    weekday: int | None = None
    hour: time | None = None
    taken: tuple[tuple[date, Priority], ...] = ()


@dataclass(slots=True)
class Search:
    """Looks at one day after the other and notes what moved the mail on."""

    wait: Wait
    calendar: Calendar
    person: Person
    floor: datetime
    priority: Priority
    reasons: dict[Why, None]

    def on(self, day: date) -> datetime | None:
        """The first allowed instant of the window that opens on `day`."""
        weekdays, why = self.weekdays()
        if day.weekday() not in weekdays:
            self.reasons[why] = None
            return None
        if day in self.calendar.closures:
            self.reasons[Why.CLOSURE] = None
            return None
        opens, closes = self.opening(day)
        moment = max(opens, self.floor).astimezone(UTC)
        while moment < closes and (later := self.blocked_until(moment)):
            moment = later
        if moment >= closes:
            self.reasons[Why.WINDOW_HOURS] = None
            return None
        if moment == opens:
            self.note_clocks(day)
        return moment

    def weekdays(self) -> tuple[frozenset[int], Why]:
        """The person's own day within the window comes first, then the step's."""
        of_window = self.calendar.window.weekdays
        own = self.person.weekday
        if own is not None and own in of_window and self.wait.is_weekly:
            return frozenset({own}), Why.OWN_WEEKDAY
        if self.wait.weekday is not None:
            return frozenset({self.wait.weekday}), Why.STEP_WEEKDAY
        return of_window, Why.WINDOW_WEEKDAY

    def opening(self, day: date) -> tuple[datetime, datetime]:
        """The window of this day; it opens at the person's own hour, if that lies within."""
        opens, closes = self.calendar.window.span(day, self.person.zone)
        hour = self.person.hour
        if hour is not None:
            own = instant(self.calendar.window.wall_day(day, hour), hour, self.person.zone)
            if opens < own < closes:
                self.reasons[Why.OWN_HOUR] = None
                return own, closes
        return opens, closes

    def blocked_until(self, moment: datetime) -> datetime | None:
        zone = self.person.zone
        quiet, cap = self.calendar.quiet, self.calendar.cap
        if quiet and (ends := quiet.until(moment, zone)):
            self.reasons[Why.QUIET_HOURS] = None
            return ends
        today = local_date(moment, zone)
        if cap and cap.is_full(today, self.priority, self.person.taken):
            self.reasons[Why.CAP] = None
            return clocks.day_begins(today + DAY, zone)
        return None

    def note_clocks(self, day: date) -> None:
        window, zone = self.calendar.window, self.person.zone
        wall = window.opens
        if Why.OWN_HOUR in self.reasons and self.person.hour is not None:
            wall = self.person.hour
        shown_on = window.wall_day(day, wall)
        if clocks.is_skipped(shown_on, wall, zone):
            self.reasons[Why.CLOCKS_FORWARD] = None
        elif clocks.is_repeated(shown_on, wall, zone):
            self.reasons[Why.CLOCKS_BACK] = None
