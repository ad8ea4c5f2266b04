"""One person's way through a sequence, played in advance by the scheduler's own function."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from nurture.authoring.planned import Planned
from nurture.domain import conditions, feedback, schedule
from nurture.domain.conditions import Facts
from nurture.domain.feedback import Action, Move
from nurture.domain.schedule import After, Anchors, Calendar, Due, Person, Priority, Unit, Wait

MOST_MAILS = 120


class End(StrEnum):
    """Why nothing comes after the last entry."""

    FINISHED = "finished"
    HELD = "held"
    STOPPED = "stopped"
    DATE_MISSING = "date_missing"
    NEVER_OPENS = "never_opens"


@dataclass(frozen=True, slots=True)
class Player:
    """What an editor plays with. `answers` holds one for each step that asks; none is silence."""

    start: datetime
    person: Person
    language: str
    dates: Mapping[str, date]
    answers: Mapping[UUID, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One mail. `move` is what its check-in leads to, if it asks."""

    step: Planned
    due: Due
    time: int  # how many times this step has come, with this one
    move: Move | None


def wait_of(step: Planned) -> Wait:
    return Wait(
        step.wait_count,
        Unit(step.wait_unit),
        After(step.wait_after),
        step.wait_date_name,
        step.wait_weekday,
    )


def play(
    plan: Sequence[Planned],
    player: Player,
    calendar: Calendar,
    *,
    priority: Priority = Priority.PROGRAMME,
) -> tuple[list[Entry], End]:
    """Every mail that this person would get, and how it ends."""
    entries: list[Entry] = []
    counts: dict[UUID, int] = {}
    anchors = Anchors(player.start, None, player.dates)
    position, not_before, person = 0, player.start, player.person
    timed_by: Wait | None = None
    before: Wait | None = None
    while len(entries) < MOST_MAILS:
        found = next_for(plan, position, player, not_before)
        if found is None:
            return entries, End.FINISHED
        position, step = found
        wait = timed_by or wait_of(step)
        try:
            due = schedule.arrival(
                wait,
                anchors=anchors,
                calendar=calendar,
                person=person,
                not_before=not_before,
                apart=schedule.distance(wait, before),
                priority=priority,
            )
        except schedule.DateMissing:
            return entries, End.DATE_MISSING
        except schedule.NeverOpens:
            return entries, End.NEVER_OPENS
        counts[step.key] = counts.get(step.key, 0) + 1
        move = moved(step, player, counts[step.key] - 1)
        entries.append(Entry(step, due, counts[step.key], move))
        if move and move.does in ENDS:
            return entries, ENDS[move.does]
        anchors = replace(anchors, previous=due.moment)
        day = schedule.local_date(due.moment, person.zone)
        person = replace(person, taken=(*person.taken, (day, priority)))
        not_before, before = due.moment, wait_of(step)
        following = plan[position + 1] if position + 1 < len(plan) else None
        position, timed_by = go_on(plan, position, move, following)
    return entries, End.HELD


ENDS = {Action.HOLD: End.HELD, Action.STOP: End.STOPPED}


def next_for(
    plan: Sequence[Planned], position: int, player: Player, now: datetime
) -> tuple[int, Planned] | None:
    """The first step from here on that is for this person."""
    today = schedule.local_date(now, player.person.zone)
    facts = Facts(player.language, today, player.dates, player.answers)
    for place in range(position, len(plan)):
        if conditions.hold(plan[place].conditions, facts):
            return place, plan[place]
    return None


def moved(step: Planned, player: Player, repeats: int) -> Move | None:
    if step.rules is None:
        return None
    return feedback.decide(step.rules, player.answers.get(step.key), repeats)


def go_on(
    plan: Sequence[Planned], position: int, move: Move | None, following: Planned | None
) -> tuple[int, Wait | None]:
    """Where the next mail stands in the plan, and whose wait counts if not its own.

    A step that is repeated comes when the one after it would have come.
    """
    if move is None or move.does is Action.ADVANCE:
        return position + 1, None
    timed_by = wait_of(following) if following and following.wait_after == "previous" else None
    if move.does is Action.REPEAT:
        return position, timed_by or Wait(1, Unit.WEEKS)
    keys = [step.key for step in plan]
    target = keys.index(move.to) if move.to in keys else 0
    return target, timed_by or Wait(1, Unit.WEEKS)
