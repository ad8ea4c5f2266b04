"""What became of our mails after they left, in providers' words, and what that means for people.

An event is stored first and once, whatever it says. It is matched by our own id or the Message-ID,
never by an address: nobody can have somebody else suppressed by reporting them. One that comes
before we know its mail waits, and is tried again by the sweep.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone

from nurture import consent, counting, enrolment
from nurture.domain import bounces
from nurture.domain.counted import Counted
from nurture.domain.states import (
    EventKind,
    MessageState,
    Reason,
    Suppressed,
)
from nurture.models import Event, Message, Suppression

# How long an event waits for its mail. Providers report within days, our own commit takes seconds.
WAIT = timedelta(days=3)
BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One event in our words. `message` is our id, if the provider carries it along."""

    kind: EventKind
    source: str
    key: str
    occurred_at: datetime
    message_id: str = ""
    message: UUID | None = None
    code: str = ""

    @property
    def reference(self) -> str:
        return str(self.message) if self.message else bare(self.message_id)


@transaction.atomic
def record(report: Report) -> bool:
    """Store an event and let it count; whether it was new.

    Safe for the same event many times, also at once: the second finds the first.
    """
    event, created = Event.objects.get_or_create(
        source=report.source[:40],
        key=sha256(report.key.encode()).hexdigest(),
        defaults={
            "kind": report.kind,
            "reference": report.reference[:255],
            "code": report.code[:40],
            "occurred_at": report.occurred_at,
        },
    )
    if created:
        match(event)
    return created


def match_waiting() -> int:
    """Try again those whose mail was not known yet; how many found it."""
    settle_delivered()
    since = timezone.now() - WAIT
    waiting = Event.objects.filter(message__isnull=True, received_at__gt=since)
    found = 0
    for pk in waiting.order_by("pk").values_list("pk", flat=True)[:BATCH]:
        with transaction.atomic():
            rows = Event.objects.select_for_update(skip_locked=True)
            event = rows.filter(pk=pk, message__isnull=True).first()
            found += bool(event and match(event))
    return found


def settle_delivered() -> int:
    """Mails that came to be in doubt after somebody had already said that they arrived."""
    arrived = Event.objects.filter(kind=EventKind.DELIVERED, message=OuterRef("pk"))
    in_doubt = Message.objects.filter(Exists(arrived), state=MessageState.UNKNOWN)
    settled = in_doubt.update(state=MessageState.ACCEPTED, reason=Reason.ACCEPTED_BY_RELAY)
    counting.count({Counted.RESOLVED: settled})
    return settled


def match(event: Event) -> bool:
    """Find the event's mail and let the event count for it. Inside the caller's transaction."""
    message = mail_called(event.reference)
    if message is None:
        return False
    event.message = message
    event.save(update_fields=["message"])
    if act := ACTS.get(EventKind(event.kind)):
        act(event, message)
    return True


def mail_called(reference: str) -> Message | None:
    rows = Message.objects.select_related("subscriber")
    try:
        return rows.filter(public_id=UUID(reference)).first()
    except ValueError:
        return rows.filter(message_id=f"<{reference}>").first() if reference else None


def bare(message_id: str) -> str:
    """Providers write a Message-ID with angle brackets or without."""
    return message_id.strip().removeprefix("<").removesuffix(">")


# ------------------------------------------------------------------ what each kind means


def delivered(_event: Event, message: Message) -> None:
    """Whatever was in doubt about this mail is not any more."""
    settled = Message.objects.filter(pk=message.pk, state=MessageState.UNKNOWN).update(
        state=MessageState.ACCEPTED, reason=Reason.ACCEPTED_BY_RELAY
    )
    counting.count({Counted.RESOLVED: settled})


def bounced_hard(_event: Event, message: Message) -> None:
    """The address does not exist: no more mail to it, also none to confirm."""
    suppress(message, Suppressed.BOUNCE)
    hold(message)


def bounced_softly(event: Event, message: Message) -> None:
    """One is nothing; many days of them, with nothing delivered between, are a dead mailbox."""
    rows = Event.objects.filter(message__address_hash=message.address_hash)
    soft = rows.filter(kind=EventKind.SOFT_BOUNCE).values_list("occurred_at", flat=True)
    last = rows.aggregate(at=Max("occurred_at", filter=Q(kind=EventKind.DELIVERED)))["at"]
    newest = max([event.occurred_at, *soft])
    if bounces.is_dead(soft, last_delivered=last, now=newest):
        bounced_hard(event, message)


def complained(_event: Event, message: Message) -> None:
    """Whoever says "spam" gets nothing more, and was asked for the last time."""
    suppress(message, Suppressed.COMPLAINT)
    leave(message, source="complaint")


def unsubscribed(_event: Event, message: Message) -> None:
    leave(message, source="provider")


def suppress(message: Message, reason: Suppressed) -> None:
    Suppression.objects.get_or_create(address_hash=message.address_hash, reason=reason)


def hold(message: Message) -> None:
    running = message.subscriber.enrolments.values_list("pk", flat=True)
    enrolment.hold(running, reason=Reason.SUPPRESSED)


def leave(message: Message, *, source: str) -> None:
    """Only for the address that it went to: a person may have another one by now."""
    if message.address == message.subscriber.address:
        consent.withdraw(message.subscriber.public_id, source=source)


ACTS: Mapping[EventKind, Callable[[Event, Message], None]] = {
    EventKind.DELIVERED: delivered,
    EventKind.HARD_BOUNCE: bounced_hard,
    EventKind.SOFT_BOUNCE: bounced_softly,
    EventKind.COMPLAINED: complained,
    EventKind.UNSUBSCRIBED: unsubscribed,
}
