"""Saying yes and saying stop. Rows are appended; the subscriber carries the last word."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from nurture import admission, announcing, enrolment
from nurture.domain.states import ConsentAction, Reason, Suppressed
from nurture.models import Consent, ConsentText, Enrolment, Sequence, Subscriber, Suppression
from nurture.models.suppression import address_hash


class Gone(LookupError):
    """The link was genuine, but what it points at is no more."""


def requests() -> "QuerySet[Consent]":
    """The requests that still count: an unsubscribe makes all void that came before it."""
    later = Consent.objects.filter(
        subscriber=OuterRef("subscriber"),
        action=ConsentAction.WITHDRAWN,
        created_at__gt=OuterRef("created_at"),
    )
    return Consent.objects.filter(~Exists(later), action=ConsentAction.REQUESTED)


def requested(public_id: UUID) -> Consent:
    """The request that a confirmation link stands for. Raises `Gone`."""
    rows = requests().select_related("subscriber", "sequence")
    request = rows.filter(public_id=public_id).first()
    if request is None:
        raise Gone
    return request


def sequence_of(request: Consent) -> Sequence:
    """The programme that was asked for. Raises `Gone`."""
    if request.sequence is None:
        raise Gone
    return request.sequence


@transaction.atomic
def confirm(public_id: UUID, *, now: datetime, source: str) -> Enrolment | None:
    """Answer a request with yes and start its programme. Raises `Gone`.

    None if the person does not fit (any more), by the entry rules.
    A link counts once: pressing again shows the same enrolment, and a link from before an
    unsubscribe is gone, used or not, so that it subscribes nobody again.
    """
    people = Subscriber.objects.select_for_update(no_key=True, of=("self",))
    subscriber = people.filter(consents__public_id=public_id).first()
    request = requested(public_id)
    if subscriber is None:
        raise Gone
    if Consent.objects.filter(answers=request).exists():
        return latest_enrolment(request)
    Consent.objects.create(
        subscriber=subscriber,
        action=ConsentAction.GIVEN,
        sequence=request.sequence,
        text=request.text,
        answers=request,
        source=source,
    )
    set_word(subscriber, ConsentAction.GIVEN)
    believe(subscriber, request.given)
    if agreed := request.given.get("clicks"):
        allow_clicks(subscriber, ConsentText.objects.get(pk=agreed), source=source)
    lift_unsubscribe(subscriber)
    announcing.about_subscriber(announcing.CONFIRMED, subscriber, request.sequence)
    return admission.admit(subscriber, sequence_of(request), now=now, source=source)


def believe(subscriber: Subscriber, given: Mapping[str, Any]) -> None:
    """What the request said about the person counts, now that it was the person who said it."""
    if not given:
        return
    subscriber.first_name = given["first_name"] or subscriber.first_name
    subscriber.time_zone, subscriber.language = given["time_zone"], given["language"]
    subscriber.dates = {**subscriber.dates, **given["dates"]}
    subscriber.tags = sorted({*subscriber.tags, *given["tags"]})
    subscriber.save(update_fields=["first_name", "time_zone", "language", "dates", "tags"])


def latest_enrolment(request: Consent) -> Enrolment | None:
    rows = Enrolment.objects.filter(subscriber=request.subscriber, sequence=request.sequence)
    return rows.order_by("-started_at").first()


@transaction.atomic
def withdraw(public_id: UUID, *, source: str) -> None:
    """Stop every programme of this person. Saying it twice is the same as once."""
    subscriber = (
        Subscriber.objects.select_for_update(no_key=True).filter(public_id=public_id).first()
    )
    if subscriber is None:
        raise Gone
    if subscriber.consent != ConsentAction.WITHDRAWN:
        Consent.objects.create(subscriber=subscriber, action=ConsentAction.WITHDRAWN, source=source)
        set_word(subscriber, ConsentAction.WITHDRAWN)
        forbid_clicks(subscriber, source=source)
        announcing.about_subscriber(announcing.UNSUBSCRIBED, subscriber)
    Suppression.objects.get_or_create(
        address_hash=address_hash(subscriber.address), reason=Suppressed.UNSUBSCRIBED
    )
    enrolment.stop(subscriber.enrolments.all(), reason=Reason.UNSUBSCRIBED)


def allow_clicks(subscriber: Subscriber, text: ConsentText, *, source: str) -> None:
    """The person agrees that their clicks are counted. Saying it twice is the same as once."""
    if Subscriber.objects.filter(pk=subscriber.pk, measured=False).update(measured=True):
        Consent.objects.create(
            subscriber=subscriber, action=ConsentAction.CLICKS_ALLOWED, text=text, source=source
        )


def forbid_clicks(subscriber: Subscriber, *, source: str) -> None:
    """From now on nothing is counted, also not in mails that are there already."""
    if Subscriber.objects.filter(pk=subscriber.pk, measured=True).update(measured=False):
        Consent.objects.create(
            subscriber=subscriber, action=ConsentAction.CLICKS_FORBIDDEN, source=source
        )


def set_word(subscriber: Subscriber, word: ConsentAction) -> None:
    Subscriber.objects.filter(pk=subscriber.pk).update(consent=word)


def lift_unsubscribe(subscriber: Subscriber) -> None:
    """A new yes outweighs an old stop; bounces, complaints and bans stay."""
    Suppression.objects.filter(
        address_hash=address_hash(subscriber.address), reason=Suppressed.UNSUBSCRIBED
    ).delete()
