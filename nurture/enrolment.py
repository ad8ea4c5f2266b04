"""Where a person stands in a programme: entering it, moving on, holding, stopping.

Every function runs inside the caller's transaction and is the only writer of its columns.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from nurture.domain import progression, schedule
from nurture.domain.schedule import Window
from nurture.domain.states import LEASED, OPEN, RUNNING, EnrolmentState, MessageState, Reason
from nurture.models import Enrolment, Message, Sequence, Step, Subscriber
from nurture.models.choices import values


@dataclass(frozen=True, slots=True)
class Plan:
    """A sequence as it is published: what follows what, after how long, in which window."""

    number: int
    window: Window
    steps: tuple[int, ...]
    waits: dict[int, int]
    stood_after: dict[int, int | None]

    def after(self, last_step: int | None) -> int | None:
        return progression.following(self.steps, last_step, stood_after=self.stood_after)


class Plans(dict[int, Plan]):
    """Plans by sequence, each read once. One that is outdated meanwhile does no harm: the
    enrolment carries the plan's number, and `due.claim` re-plans those of an older one."""

    def __missing__(self, sequence_id: int) -> Plan:
        self[sequence_id] = plan_of(Sequence.objects.get(pk=sequence_id))
        return self[sequence_id]


def plan_of(sequence: Sequence) -> Plan:
    steps = list(Step.objects.filter(sequence=sequence).order_by("position", "pk"))
    live = [step for step in steps if step.live]
    return Plan(
        number=sequence.plan_number,
        window=sequence.window,
        steps=tuple(step.pk for step in live),
        waits={step.pk: step.wait_days for step in live},
        stood_after={step.pk: step.stood_after_id for step in steps if not step.live},
    )


@dataclass(frozen=True, slots=True)
class Place:
    """What comes next for somebody and when; no step means that the programme is over."""

    step: int | None
    due_at: datetime | None
    anchor: date
    plan_number: int


def place(
    plan: Plan,
    subscriber: Subscriber,
    *,
    last_step: int | None,
    anchor: date,
    not_before: datetime,
) -> Place:
    """Raises `NeverOpens`."""
    step = plan.after(last_step)
    if step is None:
        return Place(None, None, anchor, plan.number)
    due_at = schedule.due(
        anchor=anchor,
        wait_days=plan.waits[step],
        window=plan.window,
        zone=subscriber.zone,
        not_before=not_before,
    )
    return Place(step, due_at, anchor, plan.number)


def enrol(subscriber: Subscriber, sequence: Sequence, *, now: datetime) -> Enrolment:
    """Start the programme, or answer with the enrolment that already runs."""
    running = Enrolment.objects.filter(
        subscriber=subscriber, sequence=sequence, state__in=values(RUNNING)
    ).first()
    if running:
        return running
    today = schedule.local_date(now, subscriber.zone)
    start = place(plan_of(sequence), subscriber, last_step=None, anchor=today, not_before=now)
    return Enrolment.objects.create(
        subscriber=subscriber,
        sequence=sequence,
        started_at=now,
        anchor=start.anchor,
        next_step_id=start.step,
        due_at=start.due_at,
        plan_number=start.plan_number,
    )


def advance(went_out: Iterable[tuple[Message, datetime]], plans: Plans) -> None:
    """These messages went out at these times: the wait of the next step counts from then.

    That is the local date of the later of the planned and the real time, which also lets a
    programme be played ahead of the clock. One that was stopped meanwhile stays where it is.
    Messages come with `enrolment` and `subscriber` loaded.
    """
    moves = []
    for message, sent_at in went_out:
        if message.enrolment is not None:
            moment = max(message.planned_for, sent_at)
            moves.append((message.enrolment, next_place(message, moment, plans), moment))
    move(moves)


def next_place(message: Message, moment: datetime, plans: Plans) -> Place:
    enrolment, subscriber = message.enrolment, message.subscriber
    if enrolment is None:
        raise ValueError("only a programme moves on")
    return place(
        plans[enrolment.sequence_id],
        subscriber,
        last_step=enrolment.last_step_id,
        anchor=schedule.local_date(moment, subscriber.zone),
        not_before=moment,
    )


MOVE = """
    UPDATE nurture_enrolment AS enrolment
    SET next_step_id = new.step, due_at = new.due_at, anchor = new.anchor,
        plan_number = new.plan_number,
        state = CASE WHEN new.step IS NULL THEN %s ELSE enrolment.state END,
        reason = CASE WHEN new.step IS NULL THEN '' ELSE enrolment.reason END,
        ended_at = CASE WHEN new.step IS NULL THEN new.moment END
    FROM unnest(%s::bigint[], %s::int[], %s::bigint[], %s::timestamptz[], %s::date[], %s::int[],
                %s::timestamptz[]) AS new(id, turn, step, due_at, anchor, plan_number, moment)
    WHERE enrolment.id = new.id AND enrolment.turn = new.turn AND enrolment.state = ANY(%s)
"""


def move(moves: list[tuple[Enrolment, Place, datetime]]) -> None:
    """Write the new places, all in one statement. A turn that has passed meanwhile is left."""
    if not moves:
        return
    columns = zip(
        *(
            (
                enrolment.pk,
                enrolment.turn,
                new.step,
                new.due_at,
                new.anchor,
                new.plan_number,
                moment,
            )
            for enrolment, new, moment in moves
        ),
        strict=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(MOVE, [EnrolmentState.FINISHED, *map(list, columns), values(RUNNING)])


def replan(enrolment: Enrolment, plan: Plan, *, now: datetime) -> None:
    """Follow the live plan: same anchor, new waits and windows, never in the past."""
    new = place(
        plan,
        enrolment.subscriber,
        last_step=enrolment.last_step_id,
        anchor=enrolment.anchor,
        not_before=now,
    )
    move([(enrolment, new, now)])


def hold(enrolment_ids: Iterable[int], *, reason: Reason) -> None:
    """Nothing more is sent until a person has looked."""
    Enrolment.objects.filter(pk__in=list(enrolment_ids), state=EnrolmentState.ACTIVE).update(
        state=EnrolmentState.HELD, reason=reason
    )


def stop(enrolments: "QuerySet[Enrolment]", *, reason: Reason) -> None:
    """End the programmes and take back what has not been handed over."""
    running = enrolments.filter(state__in=values(RUNNING))
    ids = list(running.values_list("pk", flat=True))
    running.update(
        state=EnrolmentState.STOPPED, reason=reason, due_at=None, next_step=None, ended_at=Now()
    )
    cancel_open(ids, reason=reason)


def cancel_open(enrolment_ids: Iterable[int], *, reason: Reason) -> None:
    """A mail at the relay cannot be called back; a claimed one is stopped by its fence."""
    waiting = Message.objects.filter(
        enrolment__in=list(enrolment_ids), state__in=values(OPEN - LEASED)
    )
    waiting.update(state=MessageState.CANCELLED, reason=reason, closed_at=Now())
