"""Other programs hear that something happened, by ids, and nothing about anybody's health."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from cms.integrations.models import WebhookEndpoint, WebhookEvent
from nurture import announcing, checkins, consent, due, sending
from nurture.models import Consent, Enrolment, Message, Subscriber
from nurture.sending import PROGRAMME
from tests import smtp
from tests.cast import ANNA
from tests.factories import checkin, published_sequence, step, text
from tests.nurture.steps import asks, planned

pytestmark = pytest.mark.django_db

EVERYTHING = [
    announcing.CONFIRMED,
    announcing.UNSUBSCRIBED,
    announcing.CHECKED_IN,
    announcing.WARNING_SIGN,
    announcing.COMPLETED,
]


def listens(*events: str) -> None:
    WebhookEndpoint.objects.create(
        name="booking", url="https://booking.example.org/hook", events=list(events)
    )


def whole_story() -> None:
    """Anna signs up, gets her only mail, has a warning sign and leaves."""
    asks(ANNA, published_sequence(steps=[step(text(), checkin())]))
    now = timezone.now()
    consent.confirm(Consent.objects.get().public_id, now=now, source="link")
    due.claim(now)
    sending.send_claimed(PROGRAMME)
    message = Message.objects.get(enrolment__isnull=False)
    checkins.record(message.public_id, 5, now=now, source="link")
    consent.withdraw(Subscriber.objects.get().public_id, source="link")


def told() -> list[tuple[str, Any]]:
    return list(WebhookEvent.objects.order_by("pk").values_list("type", "data"))


def test_each_event_is_told_with_ids_only(relay: smtp.Relay) -> None:
    listens(*EVERYTHING)

    whole_story()

    anna, row = Subscriber.objects.get(), Enrolment.objects.get()
    assert {name for name, _data in told()} == set(EVERYTHING)
    ids = {str(anna.public_id), str(row.public_id)}
    assert all(set(data.values()) <= ids for _name, data in told())


def test_what_nobody_asked_for_is_told_to_nobody(relay: smtp.Relay) -> None:
    listens(announcing.CONFIRMED)

    whole_story()

    assert [name for name, _data in told()] == [announcing.CONFIRMED]


def test_the_diagnosis_is_told_only_where_the_practice_has_said_so(
    relay: smtp.Relay, settings: Settings
) -> None:
    settings.WEBHOOK_TELLS_DIAGNOSIS = True
    listens(*EVERYTHING)

    whole_story()

    said = dict(told())
    title = Enrolment.objects.get().sequence.diagnosis.title
    for name in set(EVERYTHING) - {announcing.UNSUBSCRIBED}:
        assert said[name]["diagnosis"]["title"] == title
        assert said[name]["programme"]["title"] == "Steady weeks"
    assert set(said[announcing.UNSUBSCRIBED]) == {"subscriber"}
    assert ANNA.address not in str(said)
    assert ANNA.first_name not in str(said)


def test_a_programme_that_ends_is_completed_once(relay: smtp.Relay) -> None:
    listens(announcing.COMPLETED)
    planned(ANNA.joins(), published_sequence(steps=1))

    sending.send_claimed(PROGRAMME)
    sending.send_claimed(PROGRAMME)

    assert [name for name, _data in told()] == [announcing.COMPLETED]
