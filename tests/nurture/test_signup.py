"""Somebody asks for a programme: one question goes out, and never too many."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from nurture.domain.states import ConsentAction, MessageKind, MessageState
from nurture.models import Consent, Enrolment, Message, Sequence, Subscriber
from tests.cast import ANNA, BEN, Person
from tests.factories import published_sequence
from tests.nurture.steps import asks, at_once

DAY = timedelta(days=1)


@pytest.fixture
def sequence(db: None) -> Sequence:
    return published_sequence(steps=1)


def days_pass(days: int) -> None:
    """All requests so far lie further back."""
    for row in Consent.objects.all():
        Consent.objects.filter(pk=row.pk).update(created_at=row.created_at - days * DAY)


def test_a_request_plans_the_question_and_nothing_else(sequence: Sequence) -> None:
    now = timezone.now()

    planned = asks(ANNA, sequence, now=now)

    subscriber = Subscriber.objects.get()
    consent = Consent.objects.get()
    message = Message.objects.get()
    assert planned
    assert subscriber.consent == ConsentAction.REQUESTED
    assert (consent.action, consent.sequence, consent.source) == ("requested", sequence, "form")
    assert consent.text is not None
    assert "I agree" in consent.text.text
    assert (message.kind, message.state) == (MessageKind.CONFIRMATION, MessageState.QUEUED)
    assert (message.address, message.consent) == (ANNA.address, consent)
    assert message.expires_at == now + 7 * DAY
    assert not Enrolment.objects.exists()


@pytest.mark.parametrize("address", [ANNA.address, "ANNA@example.org", "Anna@EXAMPLE.ORG"])
def test_asking_again_within_a_day_adds_nothing(sequence: Sequence, address: str) -> None:
    asks(ANNA, sequence)

    planned = asks(Person("Somebody else", address, "Europe/Berlin"), sequence)

    assert not planned
    assert Subscriber.objects.get().first_name == "Anna"
    assert Consent.objects.count() == Message.objects.count() == 1


def test_asking_again_after_a_day_sends_the_question_once_more(sequence: Sequence) -> None:
    asks(ANNA, sequence)
    days_pass(1)

    planned = asks(ANNA, sequence)

    assert planned
    assert Message.objects.count() == 2
    assert Subscriber.objects.count() == 1


def test_another_programme_is_another_question(sequence: Sequence) -> None:
    asks(ANNA, sequence)

    planned = asks(ANNA, published_sequence(steps=1))

    assert planned
    assert Message.objects.count() == 2


@pytest.mark.django_db
def test_an_address_gets_three_questions_a_day_at_most() -> None:
    offered = [published_sequence(steps=1) for _number in range(4)]

    planned = [asks(ANNA, sequence) for sequence in offered]

    assert planned == [True, True, True, False]
    assert Message.objects.count() == 3


def test_an_address_that_never_answers_is_left_alone_after_six(sequence: Sequence) -> None:
    for _time in range(6):
        asks(ANNA, sequence)
        days_pass(2)

    planned = asks(ANNA, sequence)

    assert not planned
    assert Message.objects.count() == 6


def test_the_limit_of_one_address_is_not_the_limit_of_another(sequence: Sequence) -> None:
    for _time in range(6):
        asks(ANNA, sequence)
        days_pass(2)

    planned = asks(BEN, sequence)

    assert planned


def test_fifty_signups_of_one_address_at_once_send_one_question(committed: None) -> None:
    sequence = published_sequence(steps=1)
    spellings = [ANNA.address, ANNA.address.upper()]
    people = [Person("Anna", spellings[n % 2], ANNA.time_zone) for n in range(50)]

    planned = at_once([partial(asks, person, sequence) for person in people])

    assert sorted(planned) == [False] * 49 + [True]
    assert Subscriber.objects.count() == 1
    assert Consent.objects.count() == Message.objects.count() == 1
