"""The acts on message rows that sending is made of, each for many rows at once.

    claim -> fence -> record

A row that is not ours any more (its lease was lost, somebody else decided) is never written.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from nurture import moving
from nurture.domain.retry import Verdict
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message, to be written down."""

    message: Message
    verdict: Verdict
    code: int | None = None
    fingerprint: str = ""


@transaction.atomic
def claim(kinds: Collection[MessageKind], *, token: uuid.UUID, limit: int) -> list[Message]:
    """Take messages for the length of a lease, urgent ones first, then the oldest."""
    urgent = URGENT.intersection(kinds)
    first = take(urgent, token=token, limit=limit) if urgent else []
    return first or take(set(kinds) - urgent, token=token, limit=limit)


def take(kinds: Collection[MessageKind], *, token: uuid.UUID, limit: int) -> list[Message]:
    """With all that sending needs, oldest first."""
    free = Message.objects.claimable().filter(kind__in=values(kinds))
    chosen = free.select_for_update(skip_locked=True).order_by("next_attempt_at", "pk")
    ids = list(chosen.values_list("pk", flat=True)[:limit])
    Message.objects.filter(pk__in=ids).update(
        state=MessageState.CLAIMED, lease_token=token, lease_until=Now() + LEASE
    )
    rows = Message.objects.filter(pk__in=ids).select_related("subscriber", "consent", "enrolment")
    return list(rows.order_by("next_attempt_at", "pk"))


def release(messages: Iterable[Message], *, token: uuid.UUID) -> None:
    """Give back what was claimed and never tried."""
    ids = [message.pk for message in messages]
    Message.objects.filter(pk__in=ids, state=MessageState.CLAIMED, lease_token=token).update(
        state=MessageState.QUEUED, lease_token=None, lease_until=None
    )


def put_off(messages: Collection[Message], *, token: uuid.UUID, seconds: float) -> None:
    """Too many at once: these go later. It is no attempt."""
    ids = [message.pk for message in messages]
    Message.objects.filter(pk__in=ids, state=MessageState.CLAIMED, lease_token=token).update(
        state=MessageState.QUEUED,
        reason=Reason.PACED,
        lease_token=None,
        lease_until=None,
        next_attempt_at=Now() + timedelta(seconds=seconds),
    )


# Ours for long enough, and allowed to go out at this moment. What is asked depends on the kind.
MAY_LEAVE = """
    message.id = ANY(%(ids)s) AND message.state = %(claimed)s
    AND message.lease_token = %(token)s AND message.lease_until > now() + %(reserve)s
    AND (message.expires_at IS NULL OR message.expires_at > now())
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
LOOK = f"SELECT message.id FROM nurture_message AS message WHERE {MAY_LEAVE}"  # noqa: S608
FENCE = f"""
    UPDATE nurture_message AS message
    SET state = %(submitting)s, lease_until = now() + %(after_handover)s, submitted_at = now()
    WHERE {MAY_LEAVE} RETURNING message.id
"""  # noqa: S608


def may_leave(messages: Iterable[Message], *, token: uuid.UUID) -> set[int]:
    """Which of these may go out: cheap to ask early, and no commitment."""
    return ask(LOOK, messages, token)


def fence(messages: Iterable[Message], *, token: uuid.UUID) -> set[int]:
    """The last question before the bodies. Those in the answer may be out from here on.

    Part of the caller's transaction: the answer counts once that is committed.
    """
    return ask(FENCE, messages, token)


def ask(question: str, messages: Iterable[Message], token: uuid.UUID) -> set[int]:
    parameters: dict[str, Any] = {
        "ids": [message.pk for message in messages],
        "token": token,
        "reserve": LEASE_RESERVE,
        "after_handover": LEASE_AFTER_HANDOVER,
        "claimed": MessageState.CLAIMED,
        "submitting": MessageState.SUBMITTING,
        "given": ConsentAction.GIVEN,
        "transactional": values(TRANSACTIONAL),
        "minds": values(MINDS_UNSUBSCRIBING),
        "may_receive": values(MAY_RECEIVE),
        "blocks_all": values(BLOCKS_EVERYTHING),
        "safety": MessageKind.SAFETY,
        "blocks_safety": values(BLOCKS_SAFETY),
    }
    with connection.cursor() as cursor:
        cursor.execute(question, parameters)
        return {pk for (pk,) in cursor.fetchall()}


RECORD = """
    UPDATE nurture_message AS message
    SET state = %s, reason = %s, smtp_code = new.code, fingerprint = new.fingerprint,
        attempts = attempts + %s, lease_token = NULL, lease_until = NULL,
        next_attempt_at = now() + %s,
        closed_at = CASE WHEN %s THEN now() END
    FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS new(id, code, fingerprint)
    WHERE message.id = new.id AND message.lease_token = %s AND message.state = ANY(%s)
    RETURNING message.id, message.submitted_at
"""


@transaction.atomic(savepoint=False)
def record(outcomes: Collection[Outcome], *, token: uuid.UUID, plans: Plans) -> int:
    """Write outcomes, and move the programmes in the same breath; how many were still ours."""
    groups: dict[Verdict, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.verdict].append(outcome)
    moving.lock(outcome.message for outcome in outcomes)
    return sum(record_alike(verdict, group, token, plans) for verdict, group in groups.items())


def record_alike(verdict: Verdict, outcomes: list[Outcome], token: uuid.UUID, plans: Plans) -> int:
    by_id = {outcome.message.pk: outcome for outcome in outcomes}
    parameters: list[Any] = [
        verdict.state,
        verdict.reason,
        int(verdict.counts),
        verdict.delay or timedelta(0),
        verdict.state in CLOSED,
        list(by_id),
        [outcome.code for outcome in outcomes],
        [outcome.fingerprint for outcome in outcomes],
        token,
        values(LEASED),
    ]
    with connection.cursor() as cursor:
        cursor.execute(RECORD, parameters)
        ours: list[tuple[int, datetime | None]] = cursor.fetchall()
    conclude([(by_id[pk].message, sent_at) for pk, sent_at in ours], verdict.state, plans)
    return len(ours)


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
