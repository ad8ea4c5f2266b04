"""Saying yes and saying stop."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from nurture import consent, due
from nurture.domain.states import (
    ConsentAction,
    EnrolmentState,
    MessageKind,
    MessageState,
    Reason,
    Suppressed,
)
from nurture.models import Consent, Enrolment, Message, Sequence, Subscriber, Suppression
from nurture.models.suppression import address_hash
from tests.cast import ANNA, BEN
from tests.factories import published_sequence
from tests.nurture.steps import asks, planned

pytestmark = pytest.mark.django_db


@pytest.fixture
def sequence() -> Sequence:
    return published_sequence(steps=2)


def newest_request() -> Consent:
    return Consent.objects.filter(action=ConsentAction.REQUESTED).latest("pk")


def says_yes(request: Consent) -> Enrolment | None:
    return consent.confirm(request.public_id, now=timezone.now(), source="link")


def signed_up(sequence: Sequence) -> Subscriber:
    """Anna, who asked for a programme and confirmed it."""
    asks(ANNA, sequence)
    says_yes(newest_request())
    return Subscriber.objects.get()


def test_a_yes_is_remembered_with_its_words_and_starts_the_programme(sequence: Sequence) -> None:
    asks(ANNA, sequence)
    request = newest_request()

    enrolment = says_yes(request)

    given = Consent.objects.get(action=ConsentAction.GIVEN)
    assert (given.answers, given.text, given.sequence) == (request, request.text, sequence)
    assert Subscriber.objects.get().consent == ConsentAction.GIVEN
    assert enrolment is not None
    assert (enrolment.state, enrolment.turn) == (EnrolmentState.ACTIVE, 0)
    assert enrolment.next_step == sequence.compiled_steps.first()
    assert enrolment.due_at is not None


def test_pressing_the_button_again_changes_nothing(sequence: Sequence) -> None:
    asks(ANNA, sequence)
    first = says_yes(newest_request())

    again = says_yes(newest_request())

    assert again == first
    assert Enrolment.objects.count() == 1
    assert Consent.objects.count() == 2


def test_an_old_link_after_leaving_subscribes_nobody_again(sequence: Sequence) -> None:
    anna = signed_up(sequence)
    consent.withdraw(anna.public_id, source="link")

    with pytest.raises(consent.Gone):
        says_yes(newest_request())

    anna.refresh_from_db()
    assert anna.consent == ConsentAction.WITHDRAWN
    assert Enrolment.objects.get().state == EnrolmentState.STOPPED
    assert Suppression.objects.count() == 1


def test_a_link_that_was_never_used_is_void_after_leaving(sequence: Sequence) -> None:
    anna = signed_up(sequence)
    asks(ANNA, published_sequence(steps=1))
    unused = newest_request()
    consent.withdraw(anna.public_id, source="link")

    with pytest.raises(consent.Gone):
        says_yes(unused)

    anna.refresh_from_db()
    assert anna.consent == ConsentAction.WITHDRAWN
    assert not Enrolment.objects.exclude(state=EnrolmentState.STOPPED).exists()


def test_leaving_stops_every_programme_and_takes_back_what_waits(sequence: Sequence) -> None:
    anna = signed_up(sequence)
    other = planned(anna, published_sequence(steps=1))
    due.claim(timezone.now())
    Message.objects.filter(pk=other.pk).update(state=MessageState.HELD)

    consent.withdraw(anna.public_id, source="link")

    anna.refresh_from_db()
    programme = Message.objects.filter(kind=MessageKind.PROGRAMME)
    assert anna.consent == ConsentAction.WITHDRAWN
    assert {row.state for row in Enrolment.objects.all()} == {EnrolmentState.STOPPED}
    assert {row.due_at for row in Enrolment.objects.all()} == {None}
    assert [(row.state, row.reason) for row in programme] == [
        (MessageState.CANCELLED, Reason.UNSUBSCRIBED)
    ] * 2
    assert all(row.closed_at for row in programme)


def test_leaving_is_remembered_by_a_hash_of_the_address(sequence: Sequence) -> None:
    anna = signed_up(sequence)

    consent.withdraw(anna.public_id, source="link")

    row = Suppression.objects.get()
    assert (row.address_hash, row.reason) == (address_hash(ANNA.address), "unsubscribed")


def test_leaving_twice_is_the_same_as_once(sequence: Sequence) -> None:
    anna = signed_up(sequence)
    consent.withdraw(anna.public_id, source="link")

    consent.withdraw(anna.public_id, source="link")

    assert Consent.objects.filter(action=ConsentAction.WITHDRAWN).count() == 1
    assert Suppression.objects.count() == 1


def test_nobody_leaves_for_somebody_else(sequence: Sequence) -> None:
    anna = signed_up(sequence)
    ben = BEN.joins()
    message = planned(ben, sequence)

    consent.withdraw(anna.public_id, source="link")

    ben.refresh_from_db()
    message.refresh_from_db()
    assert ben.consent == ConsentAction.GIVEN
    assert message.state == MessageState.QUEUED


def test_who_left_may_come_back_with_a_new_yes(sequence: Sequence) -> None:
    anna = signed_up(sequence)
    consent.withdraw(anna.public_id, source="link")
    asked = asks(ANNA, sequence)

    enrolment = says_yes(newest_request())

    anna.refresh_from_db()
    assert asked
    assert enrolment is not None
    assert enrolment.state == EnrolmentState.ACTIVE
    assert anna.consent == ConsentAction.GIVEN
    assert not Suppression.objects.exists()


def test_who_left_with_an_open_question_may_ask_again_at_once(sequence: Sequence) -> None:
    anna = signed_up(sequence)
    other = published_sequence(steps=1)
    asks(ANNA, other)
    consent.withdraw(anna.public_id, source="link")

    asked = asks(ANNA, other)

    assert asked


@pytest.mark.parametrize("reason", [Suppressed.BOUNCE, Suppressed.COMPLAINT, Suppressed.BAN])
def test_a_new_yes_lifts_nothing_but_an_own_stop(sequence: Sequence, reason: Suppressed) -> None:
    Suppression.objects.create(address_hash=address_hash(ANNA.address), reason=reason)

    signed_up(sequence)

    assert Suppression.objects.get().reason == reason


def test_a_yes_to_a_programme_that_runs_shows_the_one_that_runs(sequence: Sequence) -> None:
    signed_up(sequence)
    Consent.objects.update(created_at=timezone.now() - timedelta(days=2))
    asks(ANNA, sequence)

    says_yes(newest_request())

    assert Enrolment.objects.count() == 1


def test_a_link_without_a_row_is_gone() -> None:
    with pytest.raises(consent.Gone):
        consent.confirm(uuid4(), now=timezone.now(), source="link")


def test_leaving_by_a_link_without_a_row_is_gone() -> None:
    with pytest.raises(consent.Gone):
        consent.withdraw(uuid4(), source="link")
