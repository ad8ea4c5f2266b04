"""What a killed process left behind is put right, and nothing else is touched."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from nurture import brake, counting, events, sending
from nurture.domain.counted import Counted
from nurture.domain.states import (
    Braked,
    ConsentAction,
    EnrolmentState,
    EventKind,
    MessageState,
)
from nurture.events import Report
from nurture.models import Enrolment, Message
from nurture.sending import PROGRAMME
from nurture.sweep import Swept, is_stuck, sweep
from tests import smtp
from tests.cast import ANNA
from tests.factories import published_sequence
from tests.nurture.steps import at_once, crowd, planned

MINUTE = timedelta(minutes=1)


@pytest.fixture
def mail(db: None) -> Message:
    return planned(ANNA.joins(), published_sequence(steps=2))


def leave(state: MessageState, *, lease: timedelta) -> None:
    """As if a process had been killed with messages in this state; `lease` is what is left."""
    Message.objects.update(
        state=state, lease_token=uuid4(), lease_until=Now() + lease, submitted_at=Now()
    )


def test_a_mail_that_was_only_claimed_goes_back_to_the_queue(mail: Message) -> None:
    leave(MessageState.CLAIMED, lease=-MINUTE)

    swept = sweep()

    mail.refresh_from_db()
    assert swept == Swept(returned=1, in_doubt=0, expired=0, resent=0)
    assert (mail.state, mail.reason) == ("queued", "lease_expired")
    assert (mail.lease_token, mail.lease_until, mail.attempts) == (None, None, 0)


def test_a_mail_that_came_back_is_sent(mail: Message, relay: smtp.Relay) -> None:
    leave(MessageState.CLAIMED, lease=-MINUTE)
    sweep()

    sending.send_claimed(PROGRAMME)

    assert relay.accepted == {mail.message_id: 1}


def test_a_mail_that_was_handed_over_is_in_doubt_and_its_programme_goes_on(mail: Message) -> None:
    leave(MessageState.SUBMITTING, lease=-MINUTE)

    swept = sweep()

    mail.refresh_from_db()
    row = Enrolment.objects.get()
    assert swept == Swept(returned=0, in_doubt=1, expired=0, resent=0)
    assert (mail.state, mail.reason) == ("unknown", "lease_expired")
    assert mail.closed_at is not None
    assert row.state == EnrolmentState.ACTIVE
    assert row.next_step is not None
    assert row.next_step.position == 1
    assert row.due_at is not None


def test_a_held_mail_whose_time_is_over_fails_and_a_person_is_asked(mail: Message) -> None:
    Message.objects.update(state=MessageState.HELD, expires_at=Now() - MINUTE)

    swept = sweep()

    mail.refresh_from_db()
    assert swept == Swept(returned=0, in_doubt=0, expired=1, resent=0)
    assert (mail.state, mail.reason) == ("failed", "expired")
    assert Enrolment.objects.get().state == EnrolmentState.HELD


@pytest.mark.parametrize("state", [MessageState.CLAIMED, MessageState.SUBMITTING])
def test_what_is_still_being_sent_is_left_alone(mail: Message, state: MessageState) -> None:
    leave(state, lease=MINUTE)

    swept = sweep()

    mail.refresh_from_db()
    assert swept == Swept(returned=0, in_doubt=0, expired=0, resent=0)
    assert mail.state == state


def test_a_held_mail_within_its_time_stays_held(mail: Message) -> None:
    Message.objects.update(state=MessageState.HELD)

    swept = sweep()

    assert swept.expired == 0
    assert Message.objects.get().state == MessageState.HELD


def test_sweeping_twice_is_the_same_as_once(mail: Message) -> None:
    leave(MessageState.SUBMITTING, lease=-MINUTE)
    sweep()

    again = sweep()

    assert again == Swept(returned=0, in_doubt=0, expired=0, resent=0)
    assert Enrolment.objects.get().turn == 1


def test_a_stopped_programme_is_not_started_again_by_a_doubt(mail: Message) -> None:
    leave(MessageState.SUBMITTING, lease=-MINUTE)
    Enrolment.objects.update(state=EnrolmentState.STOPPED, next_step=None, due_at=None)

    sweep()

    row = Enrolment.objects.get()
    assert (row.state, row.due_at) == (EnrolmentState.STOPPED, None)


def test_four_sweeps_at_once_move_each_programme_once(committed: None) -> None:
    crowd(40, published_sequence(steps=2))
    leave(MessageState.SUBMITTING, lease=-MINUTE)

    swept = at_once([sweep] * 4)

    assert sum(round_.in_doubt for round_ in swept) == 40
    assert set(Message.objects.values_list("state", flat=True)) == {MessageState.UNKNOWN}
    assert Enrolment.objects.filter(turn=1, due_at__isnull=False).count() == 40


@pytest.mark.parametrize("word", [ConsentAction.WITHDRAWN, ConsentAction.REQUESTED])
def test_a_mail_that_came_back_still_asks_for_consent(
    mail: Message, relay: smtp.Relay, word: ConsentAction
) -> None:
    leave(MessageState.CLAIMED, lease=-MINUTE)
    mail.subscriber.consent = word
    mail.subscriber.save()
    sweep()

    sending.send_claimed(PROGRAMME)

    mail.refresh_from_db()
    assert (mail.state, mail.reason) == ("cancelled", "no_consent")
    assert not relay.mails


def test_what_was_put_right_is_counted_by_the_day(mail: Message) -> None:
    leave(MessageState.CLAIMED, lease=-MINUTE)
    sweep()
    leave(MessageState.SUBMITTING, lease=-MINUTE)
    sweep()

    assert counting.of_days(1) == {Counted.RETURNED: 1, Counted.IN_DOUBT: 1}


@pytest.mark.parametrize(("minutes", "rung"), [(1, 0), (6, 1)])
def test_mail_that_nobody_comes_for_is_rung_for_again_and_counted(
    mail: Message, minutes: int, rung: int
) -> None:
    Message.objects.update(next_attempt_at=Now() - minutes * MINUTE)

    assert is_stuck() is bool(rung)
    assert counting.of_days(1).get(Counted.RUNG_AGAIN, 0) == rung


def test_while_everything_is_stopped_nothing_is_stuck(mail: Message) -> None:
    Message.objects.update(next_attempt_at=Now() - 6 * MINUTE)
    brake.pull(Braked.BY_HAND)

    assert not is_stuck()


def test_a_doubt_that_a_delivery_resolves_is_counted(mail: Message) -> None:
    leave(MessageState.SUBMITTING, lease=-MINUTE)
    sweep()
    report = Report(
        kind=EventKind.DELIVERED,
        source="provider",
        key="1",
        occurred_at=timezone.now(),
        message=mail.public_id,
    )

    events.record(report)

    mail.refresh_from_db()
    assert mail.state == MessageState.ACCEPTED
    assert counting.of_days(1)[Counted.RESOLVED] == 1
