"""Stopping all sending: by hand, and when the database is not the one it was."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from nurture import brake, due, sending
from nurture.domain.states import MessageState, Reason
from nurture.models import Brake, Message
from nurture.tick import tick
from tests import smtp
from tests.cast import ANNA, BEN
from tests.factories import published_sequence
from tests.nurture.steps import enrolled, planned


def said(command: str, *options: str) -> str:
    out = StringIO()
    call_command(command, *options, stdout=out)
    return out.getvalue()


def restored() -> None:
    """As in a database that somebody made from a backup."""
    assert not brake.is_on()
    Brake.objects.update(identity="another cluster")


def test_a_database_that_is_new_to_sending_sends(db: None) -> None:
    assert not brake.is_on()
    assert not brake.is_on()


def test_a_restored_database_neither_plans_nor_sends(committed: None, relay: smtp.Relay) -> None:
    sequence = published_sequence(steps=2)
    planned(ANNA.joins(), sequence)
    enrolled(BEN.joins(), sequence)
    restored()

    done = tick(timezone.now())

    assert (done.planned, done.programme) == (0, 0)
    assert not relay.mails


def test_what_a_restored_database_holds_can_be_sent(committed: None, relay: smtp.Relay) -> None:
    planned(ANNA.joins(), published_sequence(steps=2))
    restored()

    shown = said("resume_sending")
    still = brake.is_on()
    said("resume_sending", "--send")
    sending.send_claimed(sending.PROGRAMME)

    assert "sending is stopped: restored" in shown
    assert "programme queued: 1" in shown
    assert still
    assert len(relay.mails) == 1


def test_what_a_restored_database_holds_can_be_taken_as_sent(
    committed: None, relay: smtp.Relay
) -> None:
    sequence = published_sequence(steps=2)
    planned(ANNA.joins(), sequence)
    enrolled(BEN.joins(), sequence)
    restored()

    said("resume_sending", "--assume-sent")
    sending.send_claimed(sending.PROGRAMME)

    states = Message.objects.values_list("state", "reason")
    assert set(states) == {(MessageState.UNKNOWN, Reason.RESTORED)}
    assert len(states) == 2
    assert not relay.mails


def test_sending_can_be_stopped_by_hand(committed: None, relay: smtp.Relay) -> None:
    planned(ANNA.joins(), published_sequence(steps=2))

    said("stop_sending")
    stopped = sending.send_claimed(sending.PROGRAMME)
    said("resume_sending", "--send")
    went_on = sending.send_claimed(sending.PROGRAMME)

    assert (stopped, went_on) == (0, 1)


@pytest.mark.django_db
def test_the_time_of_planning_is_the_databases() -> None:
    assert abs((due.now() - timezone.now()).total_seconds()) < 60
