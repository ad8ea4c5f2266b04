"""The acts on message rows that sending is made of, each for many rows at once.

    claim -> fence -> record

A row that is not ours any more (its lease was lost, somebody else decided) is never written.
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from nurture import moving, statements
from nurture.domain import retry
from nurture.domain.retry import Answer, Verdict
from nurture.domain.states import (
    BLOCKS_EVERYTHING,
    BLOCKS_SAFETY,
    CLOSED,
    LEASED,
    MAY_RECEIVE,
    MINDS_UNSUBSCRIBING,
    TRANSACTIONAL,
    URGENT,
    WENT_OUT,
    ConsentAction,
    EnrolmentState,
    MessageKind,
    MessageState,
    Reason,
)
from nurture.models import Message, Suppression
from nurture.models.choices import values
from nurture.plans import Plans

LEASE = timedelta(seconds=90)
LEASE_RESERVE = timedelta(seconds=5)  # less than this left of a lease is as good as nothing
LEASE_AFTER_HANDOVER = timedelta(minutes=15)  # longer than the relay may think


# What nobody looks at on the way out. To read a column and make an object of it is not free.
UNREAD = (
    "dedupe_key", "state", "reason", "expires_at", "next_attempt_at", "resent", "lease_token",
    "lease_until", "closed_at", "smtp_code", "fingerprint", "created_at", "address_hash",
    "provider", "subscriber__canonical_address", "subscriber__created_at", "enrolment__due_at",
    "enrolment__ended_at", "enrolment__paused_until", "enrolment__awaits_answer",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """By whom a batch goes, whose answers its outcomes are.

    `repeats`: for how long this provider drops a second copy of a mail. It knows one by its bytes,
    so `composed_at` is then the moment that all of the batch are dated with.
    """

    provider: str = ""
    repeats: timedelta | None = None
    composed_at: datetime | None = None


NO_WAY = Way()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message, to be written down."""

    message: Message
    verdict: Verdict
    code: int | None = None
    fingerprint: str = ""

    @property
    def is_failure(self) -> bool:
        return self.verdict.state in CLOSED - WENT_OUT


@transaction.atomic
def claim(
    kinds: Collection[MessageKind],
    *,
    token: uuid.UUID,
    limit: int,
    provider: str = "",
    repeats_only: bool = False,
) -> list[Message]:
    """Take messages for the length of a lease, urgent ones first, then the oldest.

    Mails in doubt are only for the provider that may have them; `repeats_only`: nothing but those.
    """
    urgent = URGENT.intersection(kinds)
    of_it = Q(provider=provider, repeat_until__isnull=False)
    which = of_it if repeats_only else of_it | Q(repeat_until__isnull=True)
    first = take(urgent, which, token=token, limit=limit) if urgent else []
    return first or take(set(kinds) - urgent, which, token=token, limit=limit)


def take(
    kinds: Collection[MessageKind], which: Q, *, token: uuid.UUID, limit: int
) -> list[Message]:
    """With all that sending needs, oldest first."""
    free = Message.objects.claimable().filter(which, kind__in=values(kinds))
    chosen = free.select_for_update(skip_locked=True).order_by("next_attempt_at", "pk")
    ids = list(chosen.values_list("pk", flat=True)[:limit])
    Message.objects.filter(pk__in=ids).update(
        state=MessageState.CLAIMED, lease_token=token, lease_until=Now() + LEASE
    )
    rows = Message.objects.filter(pk__in=ids).select_related("subscriber", "consent", "enrolment")
    rows = rows.defer(*UNREAD)
    return list(rows.order_by("next_attempt_at", "pk"))


def release(messages: Iterable[Message], *, token: uuid.UUID) -> None:
    """Give back what was claimed and never tried."""
    ids = [message.pk for message in messages]
    Message.objects.filter(pk__in=ids, state=MessageState.CLAIMED, lease_token=token).update(
        state=MessageState.QUEUED, lease_token=None, lease_until=None
    )


def put_off(
    messages: Collection[Message], *, token: uuid.UUID, seconds: float, reason: Reason
) -> None:
    """These go later. It is no attempt."""
    ids = [message.pk for message in messages]
    Message.objects.filter(pk__in=ids, state=MessageState.CLAIMED, lease_token=token).update(
        state=MessageState.QUEUED,
        reason=reason,
        lease_token=None,
        lease_until=None,
        next_attempt_at=Now() + timedelta(seconds=seconds),
    )


# Ours for long enough, and allowed to go out at this moment. What is asked depends on the kind.
MAY_LEAVE = """
    message.id = ANY(%(ids)s) AND message.state = %(claimed)s
    AND message.lease_token = %(token)s AND message.lease_until > now() + %(reserve)s
    AND (message.expires_at IS NULL OR message.expires_at > now())
    AND (message.repeat_until IS NULL OR message.repeat_until > now() + %(reserve)s)
    AND NOT EXISTS (
        SELECT FROM nurture_suppression AS suppression
        WHERE suppression.address_hash = message.address_hash
        AND (message.kind = ANY(%(minds)s) OR suppression.reason = ANY(%(blocks_all)s))
        AND (message.kind <> %(safety)s OR suppression.reason = ANY(%(blocks_safety)s)))
    AND (message.kind = ANY(%(transactional)s) OR EXISTS (
        SELECT FROM nurture_subscriber AS subscriber, nurture_enrolment AS enrolment
        WHERE subscriber.id = message.subscriber_id AND subscriber.consent = %(given)s
        AND enrolment.id = message.enrolment_id AND enrolment.state = ANY(%(may_receive)s)))
    AND NOT EXISTS (
        SELECT FROM nurture_stepversion AS version
        WHERE version.id = message.step_version_id AND NOT version.in_review)
"""
LOOK = f"SELECT message.id, message.submitted_at FROM nurture_message AS message WHERE {MAY_LEAVE}"  # noqa: S608
FENCE = f"""
    UPDATE nurture_message AS message
    SET state = %(submitting)s, lease_until = now() + %(after_handover)s, provider = %(provider)s,
        submitted_at = CASE WHEN repeat_until IS NULL THEN now() ELSE submitted_at END,
        composed_at = CASE WHEN repeat_until IS NULL THEN %(composed)s ELSE composed_at END
    WHERE {MAY_LEAVE} RETURNING message.id, message.submitted_at
"""  # noqa: S608
QUESTION = {
    "claimed": MessageState.CLAIMED.value,
    "submitting": MessageState.SUBMITTING.value,
    "given": ConsentAction.GIVEN.value,
    "transactional": values(TRANSACTIONAL),
    "minds": values(MINDS_UNSUBSCRIBING),
    "may_receive": values(MAY_RECEIVE),
    "blocks_all": values(BLOCKS_EVERYTHING),
    "safety": MessageKind.SAFETY.value,
    "blocks_safety": values(BLOCKS_SAFETY),
}


def may_leave(messages: Iterable[Message], *, token: uuid.UUID) -> set[int]:
    """Which of these may go out: cheap to ask early, and no commitment."""
    return ask(LOOK, messages, token)


def fence(messages: Iterable[Message], *, token: uuid.UUID, way: Way = NO_WAY) -> set[int]:
    """The last question before the bodies. Those in the answer may be out from here on.

    Part of the caller's transaction: the answer counts once that is committed.
    """
    return ask(FENCE, messages, token, way)


def ask(
    question: str, messages: Iterable[Message], token: uuid.UUID, way: Way = NO_WAY
) -> set[int]:
    messages = list(messages)
    return note_times(statements.run(question, as_question(messages, token, way)), messages)


def as_question(messages: Iterable[Message], token: uuid.UUID, way: Way) -> dict[str, Any]:
    return {
        "ids": [message.pk for message in messages],
        "token": token,
        "provider": way.provider,
        "composed": way.composed_at,
        "reserve": LEASE_RESERVE,
        "after_handover": LEASE_AFTER_HANDOVER,
        **QUESTION,
    }


def note_times(answer: CursorWrapper, messages: Iterable[Message]) -> set[int]:
    """Whom the answer names. The moment at the fence is when a mail went out, if it did."""
    passed = dict(answer.fetchall())
    for message in messages:
        if moment := passed.get(message.pk):
            message.submitted_at = moment
    return set(passed)


# Enrolments first, then messages: see decision 0020. A message that is not ours any more is left,
# and so is its programme.
RECORD = f"""
    WITH locked AS MATERIALIZED (
        SELECT id FROM nurture_enrolment WHERE id = ANY(%(enrolments)s::bigint[])
        ORDER BY id FOR NO KEY UPDATE
    ), recorded AS (
        UPDATE nurture_message AS message
        SET state = new.state, reason = new.reason, smtp_code = new.code,
            provider = CASE WHEN new.code IS NULL THEN message.provider ELSE %(provider)s END,
            repeat_until = CASE WHEN new.state = %(again)s AND new.reason = %(lost)s
                THEN coalesce(message.repeat_until, message.submitted_at + %(repeats)s)
                ELSE message.repeat_until END,
            fingerprint = coalesce(nullif(new.fingerprint, ''), message.fingerprint),
            attempts = attempts + new.counts,
            lease_token = NULL, lease_until = NULL, next_attempt_at = now() + new.delay,
            closed_at = CASE WHEN new.state = ANY(%(closed)s) THEN now() END
        FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(reasons)s::text[], %(codes)s::int[],
                    %(fingerprints)s::text[], %(counts)s::int[], %(delays)s::interval[])
            AS new(id, state, reason, code, fingerprint, counts, delay)
        WHERE (SELECT count(*) FROM locked) >= 0 AND message.id = new.id
            AND message.lease_token = %(token)s AND message.state = ANY(%(leased)s)
        RETURNING message.id, message.enrolment_id
    ), moved AS ({moving.MOVE.format(those="AND new.id IN (SELECT enrolment_id FROM recorded)")})
    SELECT recorded.id, moved.id FROM recorded LEFT JOIN moved ON moved.id = recorded.enrolment_id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Written:
    """How many outcomes were written, and who may leave."""

    ours: int
    passed: set[int]


@dataclass(frozen=True, slots=True)
class Writing:
    """Outcomes and a fence on their way to the database. Without a trip they have arrived."""

    trip: statements.Trip | None
    end: Callable[[], Written]


def write_down(
    outcomes: Sequence[Outcome],
    waiting: Sequence[Message],
    *,
    token: uuid.UUID,
    plans: Plans,
    way: Way = NO_WAY,
) -> Writing:
    """Record outcomes and fence those that wait: one transaction, mostly on one trip."""
    moves = onward(outcomes, plans)
    ends = any(place.step is None for _row, place, _moment in moves)
    if ends or any(outcome.is_failure for outcome in outcomes):  # there is more to be written
        with transaction.atomic():
            ours = record(outcomes, token=token, plans=plans, way=way)
            passed = fence(waiting, token=token, way=way) if waiting else set()
        written = Written(ours, passed)
        return Writing(None, lambda: written)
    asked = []
    if outcomes:
        asked.append((RECORD, as_record(outcomes, moves, token, way)))
    if waiting:
        asked.append((FENCE, as_question(waiting, token, way)))
    trip = statements.set_out(*asked)

    def end() -> Written:
        trip.end()
        answers = iter(trip.answers)
        ours = len(next(answers).fetchall()) if outcomes else 0
        return Written(ours, note_times(next(answers), waiting) if waiting else set())

    return Writing(trip, end)


@transaction.atomic(savepoint=False)
def record(
    outcomes: Sequence[Outcome], *, token: uuid.UUID, plans: Plans, way: Way = NO_WAY
) -> int:
    """Write outcomes, and move the programmes in the same breath; how many were still ours."""
    if not outcomes:
        return 0
    moves = onward(outcomes, plans)
    answer = statements.run(RECORD, as_record(outcomes, moves, token, way)).fetchall()
    ours, moved = {pk for pk, _moved in answer}, {pk for _pk, pk in answer}
    moving.announce_ends(moves, moved)
    moving.after_failure(
        [one.message for one in outcomes if one.message.pk in ours and one.is_failure], plans
    )
    return len(ours)


def onward(outcomes: Iterable[Outcome], plans: Plans) -> list[moving.Move]:
    now = timezone.now()
    gone = (one.message for one in outcomes if one.verdict.state in WENT_OUT)
    return moving.onward([(message, message.submitted_at or now) for message in gone], plans)


def as_record(
    outcomes: Sequence[Outcome], moves: Iterable[moving.Move], token: uuid.UUID, way: Way
) -> dict[str, Any]:
    """What `RECORD` asks for."""
    verdicts = [outcome.verdict for outcome in outcomes]
    messages = [outcome.message for outcome in outcomes]
    return {
        "enrolments": [message.enrolment_id for message in messages if message.enrolment_id],
        "ids": [message.pk for message in messages],
        "states": [verdict.state.value for verdict in verdicts],
        "reasons": [verdict.reason.value for verdict in verdicts],
        "codes": [outcome.code for outcome in outcomes],
        "fingerprints": [outcome.fingerprint for outcome in outcomes],
        "counts": [int(verdict.counts) for verdict in verdicts],
        "delays": [verdict.delay or timedelta(0) for verdict in verdicts],
        "token": token,
        "provider": way.provider,
        "repeats": way.repeats,
        "again": MessageState.DEFERRED.value,
        "lost": Reason.ANSWER_LOST.value,
        "leased": values(LEASED),
        "closed": values(CLOSED),
        **moving.as_values(moves),
    }


def conclude(
    closed: Iterable[tuple[Message, datetime | None]], state: MessageState, plans: Plans
) -> None:
    """What messages in this state mean for their programmes. Runs in the caller's transaction."""
    programme = [(row, sent_at) for row, sent_at in closed if row.enrolment_id is not None]
    if state in WENT_OUT:
        now = timezone.now()
        moving.advance([(row, sent_at or now) for row, sent_at in programme], plans)
    elif state in CLOSED:
        moving.after_failure([row for row, _sent_at in programme], plans)


def why_not(message: Message, *, token: uuid.UUID) -> Verdict | None:
    """Why the fence said no; None if the lease is lost, and whoever has it now decides."""
    rows = Message.objects.filter(
        pk=message.pk, lease_token=token, lease_until__gt=Now() + LEASE_RESERVE
    )
    current = rows.select_related("subscriber", "enrolment", "step_version").first()
    if current is None:
        return None
    if current.repeat_until and current.repeat_until <= timezone.now() + LEASE_RESERVE:
        return retry.FINAL[Answer.LOST]
    if current.expires_at and current.expires_at <= timezone.now():
        return Verdict(MessageState.FAILED, Reason.EXPIRED, counts=False)
    if is_suppressed(current):
        return Verdict(MessageState.CANCELLED, Reason.SUPPRESSED, counts=False)
    return None if current.kind in TRANSACTIONAL else why_not_programme(current)


def why_not_programme(message: Message) -> Verdict | None:
    if message.subscriber.consent != ConsentAction.GIVEN:
        return Verdict(MessageState.CANCELLED, Reason.NO_CONSENT, counts=False)
    if message.step_version and not message.step_version.in_review:
        return Verdict(MessageState.HELD, Reason.OUT_OF_REVIEW, counts=False)
    state = message.enrolment.state if message.enrolment else EnrolmentState.STOPPED
    return REFUSALS.get(state)


def is_suppressed(message: Message) -> bool:
    rows = Suppression.objects.filter(address_hash=message.address_hash)
    if message.kind == MessageKind.SAFETY:
        rows = rows.filter(reason__in=values(BLOCKS_SAFETY))
    elif message.kind not in MINDS_UNSUBSCRIBING:
        rows = rows.filter(reason__in=values(BLOCKS_EVERYTHING))
    return rows.exists()


# What the state of an enrolment means for its open message.
REFUSALS: dict[str, Verdict] = {
    EnrolmentState.STOPPED: Verdict(MessageState.CANCELLED, Reason.STOPPED, counts=False),
    EnrolmentState.PAUSED: Verdict(MessageState.HELD, Reason.PAUSED, counts=False),
    EnrolmentState.HELD: Verdict(MessageState.HELD, Reason.ON_HOLD, counts=False),
}
