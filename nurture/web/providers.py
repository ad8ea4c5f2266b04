"""What mail providers report, from their words into ours. The signatures are anymail's to check."""

import logging
from typing import Any
from uuid import UUID

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from django.utils import timezone

from nurture import events
from nurture.domain.states import EventKind

log = logging.getLogger(__name__)

KINDS = {
    EventType.DELIVERED: EventKind.DELIVERED,
    EventType.DEFERRED: EventKind.DELAYED,
    EventType.REJECTED: EventKind.REFUSED,
    EventType.FAILED: EventKind.REFUSED,
    EventType.COMPLAINED: EventKind.COMPLAINED,
    EventType.UNSUBSCRIBED: EventKind.UNSUBSCRIBED,
}
# Why it bounced or was not tried decides. "Blocked" and "timed out" tell about us or the day, not
# about the address, and a message called spam is not a person who complains.
BOUNCES = {
    RejectReason.INVALID: EventKind.HARD_BOUNCE,
    RejectReason.BOUNCED: EventKind.HARD_BOUNCE,
    RejectReason.TIMED_OUT: EventKind.SOFT_BOUNCE,
    RejectReason.BLOCKED: EventKind.SOFT_BOUNCE,
    RejectReason.SPAM: EventKind.SOFT_BOUNCE,
    RejectReason.UNSUBSCRIBED: EventKind.UNSUBSCRIBED,
    RejectReason.OTHER: EventKind.SOFT_BOUNCE,
}
# Why a provider does not even try: the address is on a list of its own, and rightly so.
KNOWN_TO_THE_PROVIDER = {RejectReason.INVALID, RejectReason.BOUNCED, RejectReason.UNSUBSCRIBED}
# What reading a mail causes. We do not follow people, so it is not even stored.
IGNORED = {EventType.OPENED, EventType.CLICKED, EventType.QUEUED, EventType.SENT}


def connect() -> None:
    tracking.connect(receive, dispatch_uid="nurture.providers")


def receive(event: AnymailTrackingEvent, esp_name: str, **_kwargs: Any) -> None:
    """Anymail's signal: one event of a request whose signature was right."""
    if event.event_type not in IGNORED:
        events.record(report(event, esp_name))


def report(event: AnymailTrackingEvent, provider: str) -> events.Report:
    parts = (event.event_id, event.event_type, event.message_id, event.timestamp, event.recipient)
    return events.Report(
        kind=kind_of(event),
        source=provider,
        key=str(event.event_id or parts),
        occurred_at=event.timestamp or timezone.now(),
        message_id=event.message_id or "",
        message=our_id(event.metadata),
        code=event.reject_reason or "",
    )


def kind_of(event: AnymailTrackingEvent) -> EventKind:
    if event.event_type == EventType.BOUNCED:
        return BOUNCES.get(event.reject_reason, EventKind.SOFT_BOUNCE)
    if event.event_type == EventType.REJECTED and event.reject_reason in KNOWN_TO_THE_PROVIDER:
        return BOUNCES[event.reject_reason]
    return KINDS.get(event.event_type, EventKind.OTHER)


def our_id(metadata: Any) -> UUID | None:
    """The public id of the message, as it went along with the mail."""
    try:
        return UUID(str(metadata["message"]))
    except (KeyError, TypeError, ValueError):
        return None
