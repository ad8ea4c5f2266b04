"""When a step is due: one date with its reasons, or the dates of a whole programme.

A wait leads to a first day (or, in hours, to a first instant). From there the mail moves forward,
never back: to a weekday, past clinic closures, into the window and the person's own hour, out of
quiet hours, past days that are full, and never into the past.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from nurture.domain.cap import Cap, Priority
from nurture.domain.clocks import aware, instant, local_date
from nurture.domain.openings import AFTER, Calendar, Person, Search, Why
from nurture.domain.waiting import (
    DAY,
    After,
    Anchors,
    DateMissing,
    Unit,
    Wait,
    begin,
    distance,
)
from nurture.domain.window import EVERY_DAY, NeverOpens, Quiet, Window

__all__ = [
    "AFTER",
    "EVERY_DAY",
    "After",
    "Anchors",
    "Calendar",
    "Cap",
    "DateMissing",
    "Due",
    "NeverOpens",
    "Person",
    "Planned",
    "Priority",
    "Quiet",
    "Unit",
    "Wait",
    "Why",
    "Window",
    "arrival",
    "aware",
    "distance",
    "due",
    "instant",
    "local_date",
    "next_opening",
    "timeline",
]

HORIZON_DAYS = 800
AT_ONCE = Wait(0, Unit.HOURS)

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Due:
    """When, in UTC, and why then and not otherwise."""

    moment: datetime
    reasons: tuple[Why, ...]


def due(
    wait: Wait,
    *,
    anchors: Anchors,
    calendar: Calendar,
    person: Person,
    not_before: datetime,
    apart: int = 0,
    priority: Priority = Priority.PROGRAMME,
) -> Due:
    """The first instant that every rule allows, at `not_before` or later.

    `apart` keeps so many local days between this mail and the previous one. Raises `NeverOpens`
    and `DateMissing`.
    """
    beginning = begin(wait, anchors, person.zone)
    first = beginning.day
    reasons = {AFTER[beginning.after]: None}  # an ordered set
    if apart and anchors.previous is not None:
        spaced = local_date(anchors.previous, person.zone) + apart * DAY
        if spaced > first:
            first = spaced
            reasons[Why.KEEPS_DISTANCE] = None
    floor = max(aware(not_before), beginning.moment)
    search = Search(wait, calendar, person, floor, priority, reasons)
    # A day is skipped at once if it lies before the eve of the floor: late ticks stay cheap.
    start = max(first, local_date(floor, person.zone) - 2 * DAY)
    if floor != beginning.moment and local_date(floor, person.zone) > first:
        reasons[Why.NOT_IN_THE_PAST] = None
    for offset in range(HORIZON_DAYS):
        moment = search.on(start + offset * DAY)
        if moment is not None:
            return Due(moment, tuple(reasons))
    raise NeverOpens(f"No open day within {HORIZON_DAYS} days after {first.isoformat()}.")


def next_opening(
    calendar: Calendar,
    person: Person,
    *,
    now: datetime,
    priority: Priority = Priority.PROGRAMME,
) -> datetime:
    """When a mail may leave that is ready now, also one that has missed its weekday.

    Raises `NeverOpens`.
    """
    return due(
        AT_ONCE,
        anchors=Anchors(now),
        calendar=calendar,
        person=replace(person, weekday=None),
        not_before=now,
        priority=priority,
    ).moment


def arrival(
    wait: Wait,
    *,
    anchors: Anchors,
    calendar: Calendar,
    person: Person,
    not_before: datetime,
    apart: int = 0,
    priority: Priority = Priority.PROGRAMME,
) -> Due:
    """As `due`, but for room: what has to wait goes on the next day that is open at all.

    On its own weekday a week later, others would be before it again. Raises as `due` does.
    """
    found = due(
        wait,
        anchors=anchors,
        calendar=replace(calendar, cap=None),
        person=person,
        not_before=not_before,
        apart=apart,
    )
    if calendar.cap is None:
        return found
    moment = next_opening(calendar, person, now=found.moment, priority=priority)
    return found if moment == found.moment else Due(moment, (*found.reasons, Why.CAP))


@dataclass(frozen=True, slots=True)
class Planned(Generic[Key]):
    """One step of a timeline; without a date, the reason says what is missing."""

    key: Key
    due: Due | None
    reasons: tuple[Why, ...]


def timeline(
    steps: Iterable[tuple[Key, Wait]],
    *,
    anchors: Anchors,
    calendar: Calendar,
    person: Person,
    not_before: datetime,
    before: Wait | None = None,
    priority: Priority = Priority.PROGRAMME,
) -> list[Planned[Key]]:
    """The dates of all these steps, each counted as if the one before went out when planned.

    A step whose date is missing stops the programme, so nothing behind it has a date either.
    `before` is the wait of the last mail that the person had. Raises `NeverOpens`.
    """
    planned: list[Planned[Key]] = []
    for key, wait in steps:
        if planned and planned[-1].due is None:
            planned.append(Planned(key, None, (Why.DATE_MISSING,)))
            continue
        try:
            found = arrival(
                wait,
                anchors=anchors,
                calendar=calendar,
                person=person,
                not_before=not_before,
                apart=distance(wait, before),
                priority=priority,
            )
        except DateMissing:
            planned.append(Planned(key, None, (Why.DATE_MISSING,)))
            continue
        planned.append(Planned(key, found, found.reasons))
        day = local_date(found.moment, person.zone)
        anchors = replace(anchors, previous=found.moment)
        person = replace(person, taken=(*person.taken, (day, priority)))
        not_before, before = found.moment, wait
    return planned
