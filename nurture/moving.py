"""Moving programmes on, many at a time. Runs inside the caller's transaction."""

from collections.abc import Container, Iterable
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from nurture import announcing, plans, statements
from nurture.domain.states import RUNNING, EnrolmentState, Reason
from nurture.models import Enrolment, Message
from nurture.models.choices import values
from nurture.plans import Place, Plans

Move = tuple[Enrolment, Place, datetime | None]  # who, to where, when the last mail went out


def advance(went_out: Iterable[tuple[Message, datetime]], known: Plans) -> None:
    """These messages went out at these times: their programmes go on.

    One that was stopped meanwhile stays where it is.
    """
    moves = onward(went_out, known)
    announce_ends(moves, move(moves))


def onward(went_out: Iterable[tuple[Message, datetime]], known: Plans) -> list[Move]:
    """Where these programmes go from here: the wait of the next step counts from these times.

    That is the later of the planned and the real time, which also lets a programme be played ahead
    of the clock. Messages come with `enrolment` and `subscriber` loaded.
    """
    moves: list[Move] = []
    for message, sent_at in went_out:
        row = message.enrolment
        if row is not None:
            row.subscriber = message.subscriber
            moment = max(message.planned_for, sent_at)
            moves.append((row, next_place(row, known, previous=moment, now=moment), moment))
    return moves


def announce_ends(moves: Iterable[Move], moved: Container[int]) -> None:
    for row, place, _moment in moves:
        if place.step is None and row.pk in moved:
            announcing.about_enrolment(announcing.COMPLETED, row)


def after_failure(messages: Iterable[Message], known: Plans) -> None:
    """These messages will not go out: their programmes wait for a person to look.

    Where the editor marked the step as skippable, the programme goes on instead.
    """
    moves: list[Move] = []
    to_hold = []
    now = timezone.now()
    for message in messages:
        row = message.enrolment
        if row is None:
            continue
        plan = known[row.sequence_id]
        if row.last_step_id in plan.skippable:
            row.subscriber = message.subscriber
            previous = max(message.planned_for, now)
            moves.append((row, next_place(row, known, previous=previous, now=previous), previous))
        else:
            to_hold.append((row.pk, row.turn))
    move(moves)
    hold(to_hold)


HOLD = """
    UPDATE nurture_enrolment AS enrolment SET state = %s, reason = %s
    FROM unnest(%s::bigint[], %s::int[]) AS held(id, turn)
    WHERE enrolment.id = held.id AND enrolment.turn = held.turn AND enrolment.state = %s
"""


def hold(turns: list[tuple[int, int]]) -> None:
    if turns:
        ids, numbers = zip(*turns, strict=True)
        states = [EnrolmentState.HELD, Reason.MAIL_NOT_SENT]
        with connection.cursor() as cursor:
            cursor.execute(HOLD, [*states, list(ids), list(numbers), EnrolmentState.ACTIVE])


def lock(messages: Iterable[Message]) -> None:
    """Hold the enrolments of these messages. Whoever writes both locks these first, in order."""
    ids = {message.enrolment_id for message in messages if message.enrolment_id}
    if not ids:
        return
    rows = Enrolment.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    list(rows.values_list("pk", flat=True))


def next_place(row: Enrolment, known: Plans, *, previous: datetime | None, now: datetime) -> Place:
    return plans.place(
        known[row.sequence_id],
        row,
        last_step=row.last_step_id,
        anchors=plans.anchors(row, previous=previous),
        not_before=now,
    )


# `those` may say which of them are moved at all.
MOVE = """
    UPDATE nurture_enrolment AS enrolment
    SET next_step_id = new.step, due_at = new.due_at, anchored_at = new.anchored_at,
        plan_number = new.plan_number, timed_by_id = new.timed_by,
        state = CASE WHEN new.step IS NULL THEN %(finished)s
                     WHEN new.held_for <> '' THEN %(held)s ELSE enrolment.state END,
        reason = CASE WHEN new.step IS NULL THEN '' WHEN new.held_for <> '' THEN new.held_for
                      ELSE enrolment.reason END,
        ended_at = CASE WHEN new.step IS NULL THEN COALESCE(new.anchored_at, now()) END
    FROM unnest(%(rows)s::bigint[], %(turns)s::int[], %(steps)s::bigint[],
                %(dates)s::timestamptz[], %(anchors)s::timestamptz[], %(plan_numbers)s::int[],
                %(timed_by)s::bigint[], %(held_for)s::text[])
        AS new(id, turn, step, due_at, anchored_at, plan_number, timed_by, held_for)
    WHERE enrolment.id = new.id AND enrolment.turn = new.turn
        AND enrolment.state = ANY(%(running)s) {those}
    RETURNING enrolment.id
"""
MOVE_ALL = MOVE.format(those="")


def move(moves: list[Move]) -> set[int]:
    """Write the new places, all in one statement; who was moved. A turn that has passed meanwhile
    is left, and so is a programme that was stopped."""
    if not moves:
        return set()
    return {pk for (pk,) in statements.run(MOVE_ALL, as_values(moves)).fetchall()}


def as_values(moves: Iterable[Move]) -> dict[str, Any]:
    """What `MOVE` asks for."""
    moves = list(moves)
    return {
        "rows": [row.pk for row, _place, _moment in moves],
        "turns": [row.turn for row, _place, _moment in moves],
        "steps": [place.step for _row, place, _moment in moves],
        "dates": [place.due_at for _row, place, _moment in moves],
        "anchors": [moment for _row, _place, moment in moves],
        "plan_numbers": [place.plan_number for _row, place, _moment in moves],
        "timed_by": [place.timed_by for _row, place, _moment in moves],
        "held_for": [place.held_for.value for _row, place, _moment in moves],
        "running": values(RUNNING),
        "finished": EnrolmentState.FINISHED.value,
        "held": EnrolmentState.HELD.value,
    }
