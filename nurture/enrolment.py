"""Where a person stands in a programme: entering it, pausing, going back, holding, stopping.

Every function runs inside the caller's transaction; these and `moving` are the only writers of an
enrolment's columns. Who writes enrolments and messages locks the enrolments first, in the order
of their keys.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from django.db import connection
from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, Now

from nurture import plans
from nurture.domain.states import (
    OPEN,
    RUNNING,
    WENT_OUT,
    EnrolmentState,
    MessageState,
    Reason,
)
from nurture.models import Enrolment, Message, Sequence, Step, Subscriber
from nurture.models.choices import values
from nurture.plans import Plan

# Holds that an answer, or none, has led to.
ASKED_SOMEBODY = frozenset({Reason.ANSWERED, Reason.SILENT, Reason.WARNING_SIGN})
# What has passed the fence is at the relay, or about to be: it cannot be called back.
RECALLABLE = OPEN - {MessageState.SUBMITTING}


def enrol(subscriber: Subscriber, sequence: Sequence, *, now: datetime) -> Enrolment:
    """Start the programme, or answer with the enrolment that already runs."""
    if found := running(subscriber, sequence):
        return found
    row = Enrolment(subscriber=subscriber, sequence=sequence, started_at=now)
    replan(row, plans.plan_of(sequence), now=now)
    return row


def running(subscriber: Subscriber, sequence: Sequence) -> Enrolment | None:
    """The one enrolment of this person in this sequence that has not ended."""
    rows = Enrolment.objects.filter(subscriber=subscriber, sequence=sequence)
    return rows.filter(state__in=values(RUNNING)).first()


def replan(row: Enrolment, plan: Plan, *, now: datetime) -> None:
    """Write where the person now stands: after `last_step`, by the live plan, never in the past.

    Held if there is no day on which the mail could leave, or if its date is missing.
    """
    place = plans.place(
        plan,
        row,
        last_step=row.last_step_id,
        anchors=plans.anchors(row, previous=row.anchored_at),
        not_before=now,
        timed_by=row.timed_by_id,
    )
    row.next_step_id, row.due_at, row.plan_number = place.step, place.due_at, place.plan_number
    row.timed_by_id = place.timed_by
    if place.step is None:
        row.state, row.reason, row.ended_at = EnrolmentState.FINISHED, Reason.NONE, now
    elif place.held_for:
        row.state, row.reason = EnrolmentState.HELD, place.held_for
    row.save()


def lock(rows: "QuerySet[Enrolment]") -> list[Enrolment]:
    """These enrolments with their people, held until the transaction ends."""
    found = rows.select_related("subscriber").order_by("pk")
    return list(found.select_for_update(of=("self",), no_key=True))


def reschedule(rows: "QuerySet[Enrolment]", *, now: datetime) -> None:
    """Date again what waits: the person moved, chose another hour, or gave a date.

    Those that were held for a missing date go on if it is there now. A mail that is already in
    the outbox goes out as it is.
    """
    waiting = Q(state=EnrolmentState.ACTIVE, due_at__isnull=False)
    dateless = Q(state=EnrolmentState.HELD, reason=Reason.DATE_MISSING)
    known = plans.Plans()
    for row in lock(rows.filter(waiting | dateless)):
        row.state, row.reason = EnrolmentState.ACTIVE, Reason.NONE
        replan(row, known[row.sequence_id], now=now)


PUT_OFF = """
    UPDATE nurture_enrolment AS enrolment SET due_at = later.due_at
    FROM unnest(%s::bigint[], %s::timestamptz[]) AS later(id, due_at)
    WHERE enrolment.id = later.id
"""


def put_off(moments: Mapping[int, datetime]) -> None:
    """Later than planned, and nothing else changes. The rows are locked."""
    if moments:
        with connection.cursor() as cursor:
            cursor.execute(PUT_OFF, [list(moments), list(moments.values())])


def try_again(rows: "QuerySet[Enrolment]") -> int:
    """Days or hours have changed: those for whom none was open are dated anew by the next tick."""
    shut = rows.filter(state=EnrolmentState.HELD, reason=Reason.NEVER_OPENS)
    return shut.update(
        state=EnrolmentState.ACTIVE,
        reason=Reason.NONE,
        plan_number=0,
        due_at=Coalesce("due_at", Now()),
    )


def change_date(subscriber: Subscriber, name: str, day: date, *, now: datetime) -> None:
    """The person gives or moves a date, such as that of a surgery: what is unsent follows it."""
    subscriber.dates = {**subscriber.dates, name: day.isoformat()}
    Subscriber.objects.filter(pk=subscriber.pk).update(dates=subscriber.dates)
    reschedule(subscriber.enrolments.all(), now=now)


def choose_again(rows: "QuerySet[Enrolment]", *, now: datetime) -> None:
    """The person declared something else: what waits is planned anew, with exercises that fit.

    Also what was held because none fitted. A mail at the relay cannot be called back.
    """
    unfit = Q(state=EnrolmentState.HELD, reason=Reason.CONTRAINDICATED)
    known = plans.Plans()
    for row in lock(rows.filter(unfit | Q(state=EnrolmentState.ACTIVE))):
        waiting = row.messages.filter(state__in=values(RECALLABLE)).exists()
        if waiting or row.state == EnrolmentState.HELD:
            row.state, row.reason = EnrolmentState.ACTIVE, Reason.NONE
            take_back(row, reason=Reason.SUPERSEDED)
            replan(row, known[row.sequence_id], now=now)


# ------------------------------------------------------------------ pausing and going on


def pause(rows: "QuerySet[Enrolment]", *, until: datetime | None = None) -> None:
    """Nothing more goes out until `resume`, or until that time. What waits is taken back."""
    for row in lock(rows.filter(state__in=values({EnrolmentState.ACTIVE, EnrolmentState.PAUSED}))):
        cancel_open([row.pk], reason=Reason.PAUSED)
        row.state, row.reason, row.paused_until = EnrolmentState.PAUSED, Reason.PAUSED, until
        row.save()


def resume(rows: "QuerySet[Enrolment]", *, now: datetime) -> None:
    """Go on where the person stood, by the live plan: at the next window, never in the past.

    After a hold, a mail that did not go out is planned again; `skip` goes on after it.
    """
    known = plans.Plans()
    for row in lock(rows.filter(state__in=values({EnrolmentState.PAUSED, EnrolmentState.HELD}))):
        if row.state == EnrolmentState.HELD and row.reason in ASKED_SOMEBODY:
            row.awaits_answer = False  # whoever resumes has looked
        row.state, row.reason, row.paused_until = EnrolmentState.ACTIVE, Reason.NONE, None
        if row.messages.filter(state=MessageState.SUBMITTING).exists():
            row.save()  # its outcome moves the programme on
        else:
            take_back(row, reason=Reason.ON_HOLD)
            replan(row, known[row.sequence_id], now=now)


def wake(*, now: datetime, limit: int) -> int:
    """Resume those whose pause ends by `now` (programme time); how many."""
    over = Enrolment.objects.filter(state=EnrolmentState.PAUSED, paused_until__lte=now)
    ids = list(over.order_by("paused_until").values_list("pk", flat=True)[:limit])
    resume(Enrolment.objects.filter(pk__in=ids, paused_until__lte=now), now=now)
    return len(ids)


def skip(rows: "QuerySet[Enrolment]", *, now: datetime) -> None:
    """Go on after the step that did not go out."""
    known = plans.Plans()
    for row in lock(rows.filter(state=EnrolmentState.HELD)):
        cancel_open([row.pk], reason=Reason.ON_HOLD)
        row.state, row.reason, row.awaits_answer = EnrolmentState.ACTIVE, Reason.NONE, False
        replan(row, known[row.sequence_id], now=now)


# ------------------------------------------------------------------ the same again, or back


def repeat(row: Enrolment, step: Step, *, now: datetime) -> None:
    """The person does this step once more, when the one after it would have come."""
    go_to(row, step.pk, now=now)


def step_back(row: Enrolment, to: Step, *, now: datetime) -> None:
    """Go on from an earlier step, or its nearest surviving predecessor if it was removed."""
    go_to(row, to.pk, now=now)


def go_on(row: Enrolment, after: Step, *, now: datetime) -> None:
    """Go on after this step, the last that was sent, whatever was asked for since.

    Also out of a hold that an answer led to, and past the end, which may be the end no more.
    """
    row = lock(Enrolment.objects.filter(pk=row.pk))[0]
    row.last_step_id, row.timed_by_id, row.awaits_answer = after.pk, None, False
    row.rewinds = [one for one in row.rewinds if one["turn"] < row.turn]
    if row.state == EnrolmentState.HELD and row.reason in ASKED_SOMEBODY:
        row.state, row.reason = EnrolmentState.ACTIVE, Reason.NONE
    if row.state == EnrolmentState.ACTIVE:
        replan(row, plans.plan_of(Sequence.objects.get(pk=row.sequence_id)), now=now)
    else:
        row.save()


def reopen(row: Enrolment) -> bool:
    """A programme that was over goes on; whether it may: not beside another run of the same."""
    same = Enrolment.objects.filter(subscriber=row.subscriber_id, sequence=row.sequence_id)
    if same.filter(state__in=values(RUNNING)).exists():
        return False
    finished = Enrolment.objects.filter(pk=row.pk, state=EnrolmentState.FINISHED)
    return bool(
        finished.update(
            state=EnrolmentState.ACTIVE, reason=Reason.NONE, ended_at=None, finish_settled=False
        )
    )


def go_to(row: Enrolment, step: int, *, now: datetime) -> None:
    """Make this the next step; "had" counts from before it. What is unsent is taken back."""
    row = lock(Enrolment.objects.filter(pk=row.pk))[0]
    if row.state not in RUNNING:
        return
    plan = plans.plan_of(Sequence.objects.get(pk=row.sequence_id))
    had = take_back(row, reason=Reason.SUPERSEDED)
    row.timed_by_id = plan.after(had)
    row.last_step_id = plan.before(step)
    row.rewinds = [*row.rewinds, {"turn": row.turn, "forgot": plan.at_or_behind(step)}]
    row.awaits_answer = False
    if row.state == EnrolmentState.ACTIVE:
        replan(row, plan, now=now)
    else:
        row.save()


def take_back(row: Enrolment, *, reason: Reason) -> int | None:
    """Undo a mail that has not gone out, as if it had never been planned; what was had before.

    The enrolment is locked. A message that is cancelled here is refused by the fence.
    """
    cancel_open([row.pk], reason=reason)
    last = row.messages.filter(turn=row.turn).select_related("step_version").first()
    if last is None or last.step_version is None:
        return row.last_step_id
    if last.state == MessageState.SUBMITTING:
        row.turn += 1  # its outcome moves nothing any more
    elif last.state not in WENT_OUT and last.step_version.step_id == row.last_step_id:
        row.awaits_answer = False  # nobody was asked
        plan = plans.plan_of(Sequence.objects.get(pk=row.sequence_id))
        row.last_step_id = plan.before(last.step_version.step_id)
    return row.last_step_id


# ------------------------------------------------------------------ what is forgotten


def free(rows: "QuerySet[Enrolment]") -> list[int]:
    """Those that nobody else is moving, held until the transaction ends."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True).distinct())
    still = Enrolment.objects.filter(pk__in=ids).order_by("pk")
    return list(still.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True))


REMEMBER = """
    UPDATE nurture_enrolment AS enrolment SET had = COALESCE(enrolment.had, '[]') || past.had
    FROM (SELECT message.enrolment_id,
                 jsonb_agg(jsonb_build_object('step', version.step_id, 'turn', message.turn)
                           ORDER BY message.turn) AS had
          FROM nurture_message AS message
              JOIN nurture_stepversion AS version ON version.id = message.step_version_id
          WHERE message.id = ANY(%s::bigint[]) AND message.state = ANY(%s)
          GROUP BY message.enrolment_id) AS past
    WHERE enrolment.id = past.enrolment_id AND enrolment.state = ANY(%s)
"""


def remember(messages: Iterable[int]) -> None:
    """These mails will be forgotten: those who had them have still had their steps."""
    with connection.cursor() as cursor:
        cursor.execute(REMEMBER, [list(messages), values(WENT_OUT), values(RUNNING)])


# ------------------------------------------------------------------ holding and stopping


def hold(enrolment_ids: Iterable[int], *, reason: Reason) -> None:
    """Nothing more is sent until a person has looked; the end of a pause changes nothing then."""
    moving = values({EnrolmentState.ACTIVE, EnrolmentState.PAUSED})
    Enrolment.objects.filter(pk__in=list(enrolment_ids), state__in=moving).update(
        state=EnrolmentState.HELD, reason=reason, paused_until=None
    )


def stop(rows: "QuerySet[Enrolment]", *, reason: Reason) -> None:
    """End the programmes and take back what has not been handed over."""
    ids = [row.pk for row in lock(rows.filter(state__in=values(RUNNING)))]
    Enrolment.objects.filter(pk__in=ids).update(
        state=EnrolmentState.STOPPED, reason=reason, due_at=None, next_step=None, ended_at=Now()
    )
    cancel_open(ids, reason=reason)


def cancel_open(enrolment_ids: Iterable[int], *, reason: Reason) -> None:
    """A mail at the relay cannot be called back; a sender that holds one loses its lease."""
    waiting = Message.objects.filter(
        enrolment__in=list(enrolment_ids), state__in=values(RECALLABLE)
    )
    # One in doubt, that was to be sent again, may have gone out: it stays in doubt.
    known = Q(repeat_until__isnull=True)
    waiting.update(
        state=Case(
            When(known, then=Value(MessageState.CANCELLED)), default=Value(MessageState.UNKNOWN)
        ),
        reason=Case(When(known, then=Value(reason)), default=Value(Reason.ANSWER_LOST)),
        lease_token=None,
        lease_until=None,
        closed_at=Now(),
    )
