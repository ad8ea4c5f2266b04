"""Putting right what a killed process left behind. Each function says how many rows it moved."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from nurture import brake, counting, enrolment, gate, moving, outbox
from nurture.domain.counted import Counted
from nurture.domain.states import (
    CLAIMABLE,
    LEASED,
    OPEN,
    TRANSACTIONAL,
    EnrolmentState,
    MessageState,
    Reason,
)
from nurture.models import Enrolment, Message
from nurture.models.choices import values
from nurture.plans import Plans

BATCH = 200
RESEND_AFTER = timedelta(minutes=5)
STUCK_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Swept:
    returned: int = 0
    in_doubt: int = 0
    expired: int = 0
    reviewed: int = 0
    resent: int = 0
    impossible: int = 0
    repeated: int = 0


NOTHING = Swept()
COUNTED = {
    Counted.RETURNED: "returned",
    Counted.IN_DOUBT: "in_doubt",
    Counted.EXPIRED: "expired",
    Counted.REVIEWED: "reviewed",
    Counted.RESENT: "resent",
    Counted.IMPOSSIBLE: "impossible",
    Counted.REPEATED: "repeated",
}


def sweep() -> Swept:
    """Safe to run anywhere, at any time, any number of times at once. What is done is counted."""
    swept = Swept(
        returned=return_claimed(),
        repeated=repeat_in_doubt(),
        in_doubt=give_up_submitting() + end_repeats(),
        expired=expire_waiting(),
        reviewed=gate.refresh(),
        resent=resend_in_doubt(),
        impossible=hold_impossible(),
    )
    counting.count({what: getattr(swept, name) for what, name in COUNTED.items()})
    return swept


def is_stuck() -> bool:
    """Whether mail has been free to go for so long that somebody should have come; it is counted.

    A long queue on its way is not stuck: its oldest mails go first.
    """
    waits = Message.objects.claimable().filter(next_attempt_at__lt=Now() - STUCK_AFTER).exists()
    if waits and not brake.is_on():
        counting.count({Counted.RUNG_AGAIN: 1})
        return True
    return False


def return_claimed() -> int:
    """A lease ran out before the fence: certainly not sent, so it goes back to the queue."""
    stuck = Message.objects.filter(state=MessageState.CLAIMED, lease_until__lt=Now())
    return stuck.update(
        state=MessageState.QUEUED,
        reason=Reason.LEASE_EXPIRED,
        lease_token=None,
        lease_until=None,
        next_attempt_at=Now(),
    )


def repeat_in_doubt() -> int:
    """A lease ran out after the fence, and the provider drops a second copy: it is sent again.

    By the same provider only, for as long as that remembers the first one.
    """
    repeated = 0
    for provider in settings.MAIL_PROVIDERS:
        if not provider.repeats:
            continue
        stuck = Message.objects.filter(
            state=MessageState.SUBMITTING,
            lease_until__lt=Now(),
            provider=provider.name,
            submitted_at__gt=Now() - provider.repeats,
        )
        repeated += stuck.update(
            state=MessageState.DEFERRED,
            reason=Reason.ANSWER_LOST,
            lease_token=None,
            lease_until=None,
            next_attempt_at=Now(),
            repeat_until=Coalesce("repeat_until", F("submitted_at") + provider.repeats),
        )
    return repeated


def end_repeats() -> int:
    """What could not be settled in time stays in doubt, as it would have been without repeating."""
    waiting = Message.objects.filter(state__in=values(CLAIMABLE), repeat_until__isnull=False)
    late = waiting.filter(Q(repeat_until__lt=Now()) | Q(expires_at__lt=Now()))
    return conclude_all(late, MessageState.UNKNOWN, Reason.ANSWER_LOST)


def give_up_submitting() -> int:
    """A lease ran out after the fence: nobody knows, and a second mail would be worse."""
    stuck = Message.objects.filter(state=MessageState.SUBMITTING, lease_until__lt=Now())
    return conclude_all(stuck, MessageState.UNKNOWN, Reason.LEASE_EXPIRED)


def expire_waiting() -> int:
    """A mail whose week has passed while it was held, or put off for long, is not sent any more;
    its programme waits for a person."""
    waiting = values(CLAIMABLE | {MessageState.HELD})
    late = Message.objects.filter(
        state__in=waiting, expires_at__lt=Now(), repeat_until__isnull=True
    )
    return conclude_all(late, MessageState.FAILED, Reason.EXPIRED)


def assume_sent() -> int:
    """After a restored backup: what waits may have been sent, and nobody should get it twice."""
    closed = 0
    waiting = Message.objects.filter(state__in=values(CLAIMABLE | LEASED))
    while count := conclude_all(waiting, MessageState.UNKNOWN, Reason.RESTORED):
        closed += count
    return closed


def resend_in_doubt() -> int:
    """A confirmation in doubt goes out once more, with the same Message-ID and link.

    The person is waiting for it, and a second copy does no harm.
    """
    lost = Message.objects.filter(
        kind__in=values(TRANSACTIONAL),
        state=MessageState.UNKNOWN,
        resent=False,
        closed_at__lt=Now() - RESEND_AFTER,
    )
    return lost.update(
        state=MessageState.QUEUED,
        reason=Reason.RESENT_ONCE,
        repeat_until=None,
        resent=True,
        closed_at=None,
        next_attempt_at=Now(),
    )


@transaction.atomic
def hold_impossible() -> int:
    """Programmes in a state that no code of ours writes wait for a person, and stop nobody else.

    One that is due beside an open mail is not: it goes on when that is closed.
    """
    active = Enrolment.objects.filter(state=EnrolmentState.ACTIVE)
    of_it = Message.objects.filter(enrolment=OuterRef("pk"))
    opened = Exists(of_it.filter(state__in=values(OPEN)))
    # The open mail of this turn: one that an answer has overtaken moves nothing any more.
    of_this_turn = Exists(of_it.filter(state__in=values(OPEN), turn=OuterRef("turn")))
    active.filter(of_this_turn, due_at__lte=Now()).update(due_at=None)
    ahead = Exists(of_it.filter(turn__gt=OuterRef("turn")))
    foreign = ~Q(next_step__sequence=F("sequence"))
    due = Q(due_at__lte=Now()) & (ahead | foreign)
    stranded = Q(~opened, due_at__isnull=True)
    found = active.filter(due | stranded).order_by("pk")
    ids = list(found.select_for_update(of=("self",), no_key=True, skip_locked=True)[:BATCH])
    enrolment.hold([row.pk for row in ids], reason=Reason.IMPOSSIBLE)
    return len(ids)


@transaction.atomic
def conclude_all(stuck: "QuerySet[Message]", state: MessageState, reason: Reason) -> int:
    """Close rows and move their programmes."""
    rows = stuck.select_related("subscriber", "enrolment").order_by("pk")
    candidates = list(rows[:BATCH])
    moving.lock(candidates)
    still = rows.filter(pk__in=[row.pk for row in candidates])
    taken = list(still.select_for_update(of=("self",), skip_locked=True))
    Message.objects.filter(pk__in=[row.pk for row in taken]).update(
        state=state, reason=reason, lease_token=None, lease_until=None, closed_at=Now()
    )
    outbox.conclude([(row, row.submitted_at) for row in taken], state, Plans())
    return len(taken)
