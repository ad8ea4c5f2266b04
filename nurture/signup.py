"""Somebody asks for a programme. All that is sent at first is the question whether it was them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from nurture.consent import requests
from nurture.domain import addresses
from nurture.domain import consent as rules
from nurture.domain.states import ConsentAction, MessageKind
from nurture.models import Consent, ConsentText, Message, Sequence, Subscriber
from nurture.models.suppression import address_hash

REPEAT_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A valid signup: the form has looked at every field."""

    address: str
    first_name: str
    sequence: Sequence
    time_zone: str
    language: str
    text: ConsentText


@transaction.atomic
def sign_up(request: Request, *, now: datetime, source: str) -> bool:
    """Store the request with its confirmation mail; whether there is one more mail to send.

    The visitor is told the same in every case, or the form would say who is a patient here.
    """
    subscriber = find_or_add(request)
    if already_asked(subscriber, request.sequence, now=now) or not may_ask(subscriber, now=now):
        return False
    consent = Consent.objects.create(
        subscriber=subscriber,
        action=ConsentAction.REQUESTED,
        sequence=request.sequence,
        text=request.text,
        source=source,
    )
    Message.objects.create(
        kind=MessageKind.CONFIRMATION,
        dedupe_key=consent.public_id.hex,
        subscriber=subscriber,
        address=subscriber.address,
        address_hash=address_hash(subscriber.address),
        consent=consent,
        planned_for=now,
        expires_at=now + rules.LINK_LIFETIME,
    )
    return True


def find_or_add(request: Request) -> Subscriber:
    """The person with this address, locked. A stranger changes nothing about a known one."""
    subscriber, _created = Subscriber.objects.select_for_update(no_key=True).get_or_create(
        canonical_address=addresses.canonical(request.address),
        defaults={
            "address": request.address,
            "first_name": request.first_name,
            "time_zone": request.time_zone,
            "language": request.language,
        },
    )
    return subscriber


def already_asked(subscriber: Subscriber, sequence: Sequence, *, now: datetime) -> bool:
    """Whether a link for just this was mailed within the last day and waits for its answer."""
    waiting = requests().filter(
        subscriber=subscriber,
        sequence=sequence,
        created_at__gt=now - REPEAT_AFTER,
        answer__isnull=True,
    )
    return waiting.exists()


def may_ask(subscriber: Subscriber, *, now: datetime) -> bool:
    rows = Consent.objects.filter(subscriber=subscriber)
    answered = rows.filter(action=ConsentAction.GIVEN).order_by("-created_at").first()
    asked = rows.filter(action=ConsentAction.REQUESTED)
    if answered:
        asked = asked.filter(created_at__gt=answered.created_at)
    return rules.may_ask(asked.values_list("created_at", flat=True), now=now)
