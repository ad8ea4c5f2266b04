"""The demo's verdict: what it must call wrong."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from config.local import ledger
from nurture.domain.states import EnrolmentState, MessageKind, MessageState
from nurture.models import Enrolment, Message, Step, StepVersion, Subscriber
from nurture.models.suppression import address_hash
from tests.cast import ANNA
from tests.factories import published_sequence

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def anna() -> Enrolment:
    """Anna has had both mails of her programme, and the confirmation before."""
    sequence = published_sequence(steps=2)
    enrolment = Enrolment.objects.create(
        subscriber=ANNA.joins(),
        sequence=sequence,
        state=EnrolmentState.FINISHED,
        started_at=NOW,
        plan_number=sequence.plan_number,
    )
    message(enrolment.subscriber, kind=MessageKind.CONFIRMATION)
    for turn, step in enumerate(Step.objects.filter(sequence=sequence), start=1):
        programme_mail(enrolment, step, turn=turn)
    return enrolment


def message(subscriber: Subscriber, **other: Any) -> Message:
    return Message.objects.create(
        subscriber=subscriber,
        address=subscriber.address,
        address_hash=address_hash(subscriber.address),
        planned_for=NOW,
        **{"state": MessageState.ACCEPTED, **other},
    )


def programme_mail(enrolment: Enrolment, step: Step, *, turn: int) -> Message:
    version = StepVersion.objects.filter(step=step).latest("number")
    place = {"enrolment": enrolment, "turn": turn, "step_version": version}
    return message(enrolment.subscriber, kind=MessageKind.PROGRAMME, **place)


def received() -> Counter[str]:
    return Counter(Message.objects.values_list("message_id", flat=True))


def faults(came: Counter[str]) -> list[str]:
    return ledger.faults(ANNA.address, came, people=1)


@pytest.mark.usefixtures("anna")
def test_all_is_well_if_each_mail_came_once() -> None:
    assert faults(received()) == []


@pytest.mark.usefixtures("anna")
def test_a_mail_that_never_came_is_found() -> None:
    lost = Message.objects.latest("pk").message_id

    assert faults(received() - Counter([lost])) == [f"{lost} is accepted and came 0 times"]


@pytest.mark.usefixtures("anna")
def test_a_mail_that_came_twice_is_found() -> None:
    twice = Message.objects.latest("pk").message_id

    assert faults(received() + Counter([twice])) == [f"{twice} is accepted and came 2 times"]


@pytest.mark.usefixtures("anna")
def test_a_mail_that_nobody_planned_is_found() -> None:
    assert faults(received() + Counter(["<x@y>"])) == ["<x@y> came but was not planned"]


def test_a_mail_that_the_relay_did_not_take_is_found(anna: Enrolment) -> None:
    Message.objects.filter(enrolment=anna, turn=2).update(state=MessageState.FAILED)

    assert len(faults(received())) == 1


def test_a_missing_step_is_found(anna: Enrolment) -> None:
    Message.objects.filter(enrolment=anna, turn=2).delete()

    assert faults(received()) == ["Anna had 1 of 2 steps and is finished"]


def test_a_programme_that_did_not_finish_is_found(anna: Enrolment) -> None:
    Enrolment.objects.filter(pk=anna.pk).update(state=EnrolmentState.HELD)

    assert faults(received()) == ["Anna had 2 of 2 steps and is held"]


def test_somebody_who_never_got_in_is_found(anna: Enrolment) -> None:
    assert ledger.faults(ANNA.address, received(), people=2) == [
        "2 people signed up, but 1 confirmations were planned"
    ]


def test_the_table_shows_each_mail_in_its_readers_own_time(anna: Enrolment) -> None:
    table = ledger.table(ANNA.address)

    assert len(table.splitlines()) == 1 + 3
    assert "Sun 22 Nov 2026 04:00 EST" in table
    assert "step 2" in table
