"""One person's whole story, for the operator who is asked "what did she get, and why?"."""

import logging
from typing import Any

from django.utils import timezone

from nurture import preferences
from nurture.domain import addresses
from nurture.models import Consent, Enrolment, Message, Subscriber, Suppression
from nurture.models.suppression import address_hash

log = logging.getLogger(__name__)


class Unknown(LookupError):
    """Nobody with this address."""


def story(address: str) -> dict[str, Any]:
    """Plain values, times as aware datetimes. Raises `addresses.BadAddress` and `Unknown`."""
    canonical = addresses.canonical(addresses.parse(address, beyond_ascii=True))
    subscriber = Subscriber.objects.filter(canonical_address=canonical).first()
    if subscriber is None:
        raise Unknown(f"No subscriber has the address {address}.")
    log.info("the story of subscriber %s was looked up", subscriber.public_id)
    because = reasons(subscriber)
    return {
        "address": subscriber.address,
        "first_name": subscriber.first_name,
        "time_zone": subscriber.time_zone,
        "language": subscriber.language,
        "consent": subscriber.consent,
        "signed_up_at": subscriber.created_at,
        "suppressed": suppressions(subscriber),
        "consents": [consent_line(row) for row in consents(subscriber)],
        "enrolments": [
            {**enrolment_line(row), "next_mail_because": because.get(row.pk, "")}
            for row in enrolments(subscriber)
        ],
        "messages": [message_line(row) for row in messages(subscriber)],
    }


def reasons(subscriber: Subscriber) -> dict[int, str]:
    """By enrolment: what made the date of the next mail what it is, in codes."""
    running = preferences.programmes(subscriber, now=timezone.now())
    return {one.enrolment.pk: ",".join(one.coming[0].reasons) for one in running if one.coming}


def suppressions(subscriber: Subscriber) -> list[str]:
    rows = Suppression.objects.filter(address_hash=address_hash(subscriber.address))
    return list(rows.order_by("created_at").values_list("reason", flat=True))


def consents(subscriber: Subscriber) -> "list[Consent]":
    rows = subscriber.consents.select_related("sequence", "text")
    return list(rows.order_by("created_at", "pk"))


def enrolments(subscriber: Subscriber) -> "list[Enrolment]":
    rows = subscriber.enrolments.select_related("sequence", "next_step")
    return list(rows.order_by("started_at", "pk"))


def messages(subscriber: Subscriber) -> "list[Message]":
    rows = subscriber.messages.select_related(
        "step_version__step", "enrolment__sequence", "correction"
    )
    return list(rows.order_by("planned_for", "pk"))


def consent_line(row: Consent) -> dict[str, Any]:
    return {
        "at": row.created_at,
        "action": row.action,
        "sequence": row.sequence.title if row.sequence else "",
        "text": str(row.text) if row.text else "",
        "source": row.source,
    }


def enrolment_line(row: Enrolment) -> dict[str, Any]:
    return {
        "sequence": row.sequence.title,
        "state": row.state,
        "reason": row.reason,
        "started_at": row.started_at,
        "mails_planned": row.turn,
        "next_step": row.next_step.position + 1 if row.next_step else None,
        "due_at": row.due_at,
        "ended_at": row.ended_at,
    }


def message_line(row: Message) -> dict[str, Any]:
    version = row.step_version
    return {
        "kind": row.kind,
        "sequence": row.enrolment.sequence.title if row.enrolment else "",
        "step": version.step.position + 1 if version else None,
        "step_version": version.number if version else None,
        "subject": subject(row),
        "state": row.state,
        "reason": row.reason,
        "provider": row.provider,
        "due": row.planned_for,
        "sent": row.submitted_at,
        "attempts": row.attempts,
        "links_followed": row.clicks.by_people().count() or "",
        "message_id": row.message_id,
    }


def subject(row: Message) -> str:
    """What an editor wrote as the subject of it, if one did."""
    written = row.step_version or row.correction
    return written.subject if written else ""
