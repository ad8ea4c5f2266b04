"""Handing mail to a relay that answers, refuses, falls silent or hangs up, wherever it likes."""

import math
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from nurture import consent, sending, sweep
from nurture.domain.states import (
    TRANSACTIONAL,
    ConsentAction,
    EnrolmentState,
    MessageKind,
    MessageState,
    Reason,
    Suppressed,
)
from nurture.models import Enrolment, Message, Sequence, Subscriber, Suppression
from nurture.models.suppression import address_hash
from nurture.sending import PROGRAMME
from tests import smtp
from tests.cast import ANNA, BEN, CLARA
from tests.factories import published_sequence
from tests.nurture.steps import asks, at_once, crowd, elsewhere, planned, time_passes
from tests.smtp import Phase

MINUTE = timedelta(minutes=1)


@pytest.fixture
def sequence(db: None) -> Sequence:
    return published_sequence(steps=2, wait_days=7)


@pytest.fixture
def mail(sequence: Sequence) -> Message:
    """Anna's first mail, in the outbox."""
    return planned(ANNA.joins(), sequence)


@pytest.fixture
def question(sequence: Sequence) -> Message:
    """The question whether it was Ben who signed up."""
    asks(BEN, sequence)
    return Message.objects.get(kind=MessageKind.CONFIRMATION)


def seconds_until_next_attempt(message: Message) -> float:
    waits = Message.objects.annotate(wait=F("next_attempt_at") - Now())
    wait: timedelta = waits.values_list("wait", flat=True).get(pk=message.pk)
    return wait.total_seconds()


def seen(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.reason


def enrolment_of(message: Message) -> Enrolment:
    return Enrolment.objects.get(messages=message)


# ------------------------------------------------------------------ accepted


def test_an_accepted_mail_moves_its_programme_on(relay: smtp.Relay, mail: Message) -> None:
    taken = sending.send_claimed(PROGRAMME)

    row = enrolment_of(mail)
    assert taken == 1
    assert seen(mail) == ("accepted", "accepted_by_relay")
    assert (mail.attempts, mail.smtp_code, mail.lease_token) == (1, 250, None)
    assert mail.submitted_at is not None
    assert mail.closed_at is not None
    assert relay.accepted == {mail.message_id: 1}
    assert (row.state, row.turn) == (EnrolmentState.ACTIVE, 1)
    assert row.next_step is not None
    assert row.next_step.position == 1
    assert row.due_at is not None
    assert timedelta(days=6) < row.due_at - timezone.now() <= timedelta(days=7)


def test_the_last_mail_finishes_its_programme(relay: smtp.Relay, db: None) -> None:
    message = planned(ANNA.joins(), published_sequence(steps=1))

    sending.send_claimed(PROGRAMME)

    row = enrolment_of(message)
    assert (row.state, row.due_at, row.next_step) == (EnrolmentState.FINISHED, None, None)
    assert row.ended_at is not None


def test_a_finished_programmes_open_mail_still_goes_out(relay: smtp.Relay, mail: Message) -> None:
    Enrolment.objects.update(state=EnrolmentState.FINISHED)

    sending.send_claimed(PROGRAMME)

    assert seen(mail)[0] == MessageState.ACCEPTED


def test_a_second_round_sends_nothing_again(relay: smtp.Relay, mail: Message) -> None:
    sending.send_claimed(PROGRAMME)

    taken = sending.send_claimed(PROGRAMME)

    assert taken == 0
    assert len(relay.mails) == 1


def test_each_kind_is_sent_by_its_own_round(
    relay: smtp.Relay, mail: Message, question: Message
) -> None:
    sending.send_claimed(TRANSACTIONAL)

    assert relay.accepted == {question.message_id: 1}
    assert seen(mail)[0] == MessageState.QUEUED


def test_no_more_are_taken_than_was_asked_for(relay: smtp.Relay, sequence: Sequence) -> None:
    crowd(5, sequence)

    taken = sending.send_claimed(PROGRAMME, limit=3)

    assert taken == 3
    assert len(relay.mails) == 3


# ------------------------------------------------------------------ refused for now


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.DOT])
@pytest.mark.parametrize("code", [450, 451])
def test_a_refusal_for_now_is_tried_again_later_and_counted(
    relay: smtp.Relay, mail: Message, phase: Phase, code: int
) -> None:
    relay.refuse(phase, code)

    sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("deferred", "refused_for_now")
    assert (mail.attempts, mail.smtp_code) == (1, code)
    assert 50 < seconds_until_next_attempt(mail) <= 60
    assert not relay.mails
    assert enrolment_of(mail).due_at is None


def test_a_deferred_mail_goes_out_when_its_time_has_come(relay: smtp.Relay, mail: Message) -> None:
    relay.refuse(Phase.RCPT, 450)
    sending.send_claimed(PROGRAMME)
    too_early = sending.send_claimed(PROGRAMME)
    time_passes(MINUTE)

    sending.send_claimed(PROGRAMME)

    assert too_early == 0
    assert seen(mail)[0] == MessageState.ACCEPTED
    assert mail.attempts == 2


def test_attempts_run_out_in_the_end_and_a_person_is_asked(
    relay: smtp.Relay, mail: Message
) -> None:
    Message.objects.update(attempts=11)
    relay.refuse(Phase.DOT, 451)

    sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("failed", "attempts_used_up")
    assert enrolment_of(mail).state == EnrolmentState.HELD


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.DOT])
def test_421_closes_the_connection_and_not_the_mail(
    relay: smtp.Relay, mail: Message, phase: Phase
) -> None:
    relay.refuse(phase, 421)
    sending.send_claimed(PROGRAMME)
    time_passes(5 * MINUTE)

    sending.send_claimed(PROGRAMME)

    assert seen(mail)[0] == MessageState.ACCEPTED
    assert relay.connections == 2
    assert relay.accepted == {mail.message_id: 1}


# ------------------------------------------------------------------ the relay is away


def send_with_nobody_there(settings: Settings) -> None:
    with smtp.closed_port() as port:
        settings.MAIL_PROVIDERS = (smtp.provider_at(port),)
        sending.send_claimed(PROGRAMME)


def test_without_a_relay_mail_waits_and_no_attempt_is_used_up(
    settings: Settings, mail: Message
) -> None:
    send_with_nobody_there(settings)

    assert seen(mail) == ("deferred", "relay_away")
    assert mail.attempts == 0
    assert 110 < seconds_until_next_attempt(mail) <= 120
    assert enrolment_of(mail).state == EnrolmentState.ACTIVE


def test_without_a_relay_nothing_stays_claimed(settings: Settings, sequence: Sequence) -> None:
    crowd(30, sequence)

    send_with_nobody_there(settings)

    rows = Message.objects.all()
    assert {row.state for row in rows} <= {MessageState.QUEUED, MessageState.DEFERRED}
    assert {row.attempts for row in rows} == {0}
    assert {row.lease_token for row in rows} == {None}


def test_a_batch_is_sent_whole_once_the_relay_is_back(
    settings: Settings, relay: smtp.Relay, sequence: Sequence
) -> None:
    crowd(30, sequence)
    send_with_nobody_there(settings)
    settings.MAIL_PROVIDERS = (relay.provider,)
    time_passes(3 * MINUTE)

    sending.send_claimed(PROGRAMME)

    assert len(relay.accepted) == 30
    assert set(relay.accepted.values()) == {1}


@pytest.mark.parametrize("phase", [Phase.GREETING, Phase.EHLO, Phase.MAIL, Phase.RCPT, Phase.DATA])
def test_a_line_that_breaks_before_the_body_is_no_attempt(
    relay: smtp.Relay, mail: Message, phase: Phase
) -> None:
    relay.hang_up(phase)

    sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("deferred", "relay_away")
    assert mail.attempts == 0
    assert not relay.mails


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.DATA])
@pytest.mark.parametrize("code", [550, 554])
def test_a_relay_that_refuses_us_marks_no_recipient(
    relay: smtp.Relay, mail: Message, phase: Phase, code: int
) -> None:
    relay.refuse(phase, code)

    sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("deferred", "relay_refuses_us")
    assert mail.attempts == 0
    assert enrolment_of(mail).state == EnrolmentState.ACTIVE
    assert not Suppression.objects.exists()


def test_a_relay_that_refuses_our_password_marks_no_recipient(
    relay: smtp.Relay, mail: Message, settings: Settings
) -> None:
    settings.MAIL_PROVIDERS = (smtp.provider_at(relay.port, login="us:wrong@"),)
    relay.refuse(Phase.AUTH, 535, times=math.inf)

    sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("deferred", "relay_refuses_us")
    assert mail.attempts == 0


def test_a_relay_that_refuses_us_is_not_asked_for_everybody(
    relay: smtp.Relay, settings: Settings, sequence: Sequence
) -> None:
    crowd(60, sequence)
    relay.refuse(Phase.MAIL, 550, times=math.inf)

    sending.send_claimed(PROGRAMME)

    assert relay.connections <= settings.SMTP_CONNECTIONS
    assert not Message.objects.filter(state=MessageState.FAILED).exists()


# ------------------------------------------------------------------ refused for good


@pytest.mark.parametrize(
    ("phase", "reason"),
    [(Phase.RCPT, "recipient_refused"), (Phase.DOT, "message_refused")],
)
def test_a_refusal_for_good_fails_and_a_person_is_asked(
    relay: smtp.Relay, mail: Message, phase: Phase, reason: str
) -> None:
    relay.refuse(phase, 550)

    sending.send_claimed(PROGRAMME)

    row = enrolment_of(mail)
    assert seen(mail) == ("failed", reason)
    assert (mail.smtp_code, mail.attempts) == (550, 1)
    assert (row.state, row.reason) == (EnrolmentState.HELD, Reason.MAIL_NOT_SENT)
    assert not relay.mails


def test_a_refused_recipient_stops_nobody_else(relay: smtp.Relay, sequence: Sequence) -> None:
    for person in (ANNA, BEN, CLARA):
        planned(person.joins(), sequence)
    relay.refuse(Phase.RCPT, 550)

    sending.send_claimed(PROGRAMME)

    states = sorted(row.state for row in Message.objects.all())
    assert states == ["accepted", "accepted", "failed"]


# ------------------------------------------------------------------ in doubt


def test_a_line_that_breaks_after_the_dot_leaves_a_doubt_and_the_programme_goes_on(
    relay: smtp.Relay, mail: Message
) -> None:
    relay.hang_up(Phase.DOT)

    sending.send_claimed(PROGRAMME)

    row = enrolment_of(mail)
    assert seen(mail) == ("unknown", "answer_lost")
    assert relay.accepted == {mail.message_id: 1}
    assert row.state == EnrolmentState.ACTIVE
    assert row.next_step is not None
    assert row.next_step.position == 1


def test_an_answer_that_comes_too_late_leaves_a_doubt(
    relay: smtp.Relay, mail: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nurture.mail.smtp.DOT_SECONDS", 0.2)
    relay.stall(Phase.DOT, seconds=0.5)

    sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("unknown", "answer_lost")


def test_a_slow_answer_within_the_time_is_an_answer(relay: smtp.Relay, mail: Message) -> None:
    relay.stall(Phase.DOT, seconds=0.4)

    sending.send_claimed(PROGRAMME)

    assert seen(mail)[0] == MessageState.ACCEPTED


def test_an_answer_that_smtp_does_not_know_leaves_a_doubt(relay: smtp.Relay, mail: Message) -> None:
    relay.refuse(Phase.DOT, 299)

    sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("unknown", "answer_lost")


def test_a_programme_mail_in_doubt_is_never_sent_again(relay: smtp.Relay, mail: Message) -> None:
    relay.hang_up(Phase.DOT)
    sending.send_claimed(PROGRAMME)
    time_passes(timedelta(days=3))

    sweep.sweep()
    sending.send_claimed(PROGRAMME)

    assert seen(mail)[0] == MessageState.UNKNOWN
    assert relay.accepted == {mail.message_id: 1}


def test_a_question_in_doubt_is_asked_once_more_with_the_same_message_id(
    relay: smtp.Relay, question: Message
) -> None:
    relay.hang_up(Phase.DOT)
    sending.send_claimed(TRANSACTIONAL)
    sweep.sweep()
    at_once_again = sending.send_claimed(TRANSACTIONAL)
    time_passes(6 * MINUTE)

    sweep.sweep()
    sending.send_claimed(TRANSACTIONAL)

    first, second = relay.mails
    assert at_once_again == 0
    assert seen(question)[0] == MessageState.ACCEPTED
    assert question.resent
    assert first.message_id == second.message_id == question.message_id
    assert first.message.get_body(("plain",)) is not None
    assert links(first) == links(second)


def test_a_question_in_doubt_twice_is_not_asked_a_third_time(
    relay: smtp.Relay, question: Message
) -> None:
    relay.hang_up(Phase.DOT, times=math.inf)
    for _round in range(4):
        sending.send_claimed(TRANSACTIONAL)
        time_passes(6 * MINUTE)
        sweep.sweep()

    sending.send_claimed(TRANSACTIONAL)

    assert seen(question)[0] == MessageState.UNKNOWN
    assert relay.accepted == {question.message_id: 2}


def links(mail: smtp.Mail) -> list[str]:
    body = mail.message.get_body(("plain",))
    assert body is not None
    return [word for word in body.get_content().split() if word.startswith("http")]


# ------------------------------------------------------------------ the fence


def test_who_leaves_while_the_mail_is_at_the_door_gets_no_body(
    committed: None, relay: smtp.Relay
) -> None:
    anna = ANNA.joins()
    message = planned(anna, published_sequence(steps=2))
    leave = lambda: elsewhere(lambda: consent.withdraw(anna.public_id, source="link"))  # noqa: E731
    relay.before(Phase.DATA, leave)

    sending.send_claimed(PROGRAMME)

    assert seen(message) == ("cancelled", "unsubscribed")
    assert not relay.mails
    assert not any(relay.unfinished)
    assert enrolment_of(message).state == EnrolmentState.STOPPED


CHANGES: dict[str, tuple[Callable[[], object], str, str]] = {
    "held": (
        lambda: Enrolment.objects.update(state=EnrolmentState.HELD),
        "held",
        "on_hold",
    ),
    "paused": (
        lambda: Enrolment.objects.update(state=EnrolmentState.PAUSED),
        "held",
        "paused",
    ),
    "stopped": (
        lambda: Enrolment.objects.update(state=EnrolmentState.STOPPED),
        "cancelled",
        "stopped",
    ),
    "no consent": (
        lambda: Subscriber.objects.update(consent=ConsentAction.REQUESTED),
        "cancelled",
        "no_consent",
    ),
    "bounced": (
        lambda: Suppression.objects.create(
            address_hash=address_hash(ANNA.address), reason=Suppressed.BOUNCE
        ),
        "cancelled",
        "suppressed",
    ),
    "expired": (
        lambda: Message.objects.update(expires_at=timezone.now() - MINUTE),
        "failed",
        "expired",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_at_the_last_moment_is_still_heeded(
    committed: None, relay: smtp.Relay, change: str
) -> None:
    message = planned(ANNA.joins(), published_sequence(steps=2))
    happen, state, reason = CHANGES[change]
    relay.before(Phase.DATA, lambda: elsewhere(happen))

    sending.send_claimed(PROGRAMME)

    assert seen(message) == (state, reason)
    assert not relay.mails
    assert not any(relay.unfinished)


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_before_does_not_even_reach_the_relay(
    relay: smtp.Relay, mail: Message, change: str
) -> None:
    happen, state, reason = CHANGES[change]
    happen()

    sending.send_claimed(PROGRAMME)

    assert seen(mail) == (state, reason)
    assert relay.connections == 0


def test_a_lost_lease_at_the_fence_sends_nothing_and_overwrites_nothing(
    committed: None, relay: smtp.Relay
) -> None:
    message = planned(ANNA.joins(), published_sequence(steps=2))

    def lose() -> None:
        Message.objects.update(lease_until=timezone.now() - MINUTE)
        sweep.sweep()

    relay.before(Phase.DATA, lambda: elsewhere(lose))

    sending.send_claimed(PROGRAMME, limit=1)

    assert seen(message) == ("queued", "lease_expired")
    assert message.attempts == 0
    assert not relay.mails


def test_a_lease_that_is_all_but_over_is_as_good_as_lost(
    committed: None, relay: smtp.Relay
) -> None:
    message = planned(ANNA.joins(), published_sequence(steps=2))
    soon = timedelta(seconds=4)
    shorten = lambda: Message.objects.update(lease_until=timezone.now() + soon)  # noqa: E731
    relay.before(Phase.DATA, lambda: elsewhere(shorten))

    sending.send_claimed(PROGRAMME)

    assert seen(message)[0] == MessageState.CLAIMED
    assert not relay.mails


def test_an_answer_after_the_lease_was_lost_overwrites_nothing(
    committed: None, relay: smtp.Relay
) -> None:
    message = planned(ANNA.joins(), published_sequence(steps=2))

    def give_up() -> None:
        Message.objects.update(lease_until=timezone.now() - MINUTE)
        sweep.sweep()

    relay.before(Phase.DOT, lambda: elsewhere(give_up))

    sending.send_claimed(PROGRAMME)

    assert seen(message) == ("unknown", "lease_expired")
    assert enrolment_of(message).turn == 1
    assert relay.accepted == {message.message_id: 1}


def test_who_wakes_up_late_does_not_write_into_the_row_that_another_has_now(
    committed: None, relay: smtp.Relay
) -> None:
    message = planned(ANNA.joins(), published_sequence(steps=2))
    other = uuid4()

    def is_taken_over() -> None:
        Message.objects.update(lease_token=other, lease_until=timezone.now() + MINUTE)

    relay.before(Phase.MAIL, lambda: elsewhere(is_taken_over))
    relay.refuse(Phase.RCPT, 550)

    sending.send_claimed(PROGRAMME)

    assert seen(message)[0] == MessageState.CLAIMED
    assert (message.lease_token, message.attempts) == (other, 0)
    assert enrolment_of(message).state == EnrolmentState.ACTIVE


# ------------------------------------------------------------------ those that cannot go


def test_a_mail_that_came_too_late_fails_and_a_person_is_asked(
    relay: smtp.Relay, mail: Message
) -> None:
    Message.objects.update(expires_at=timezone.now() - MINUTE)

    sending.send_claimed(PROGRAMME)

    row = enrolment_of(mail)
    assert seen(mail) == ("failed", "expired")
    assert (row.state, row.reason) == (EnrolmentState.HELD, Reason.MAIL_NOT_SENT)


@pytest.mark.parametrize(
    "address",
    ["", "no address", "a@b@example.org", "a@example.org\r\nBcc: eve@example.org", "@example.org"],
)
def test_a_mail_that_cannot_be_composed_fails_alone(
    relay: smtp.Relay, mail: Message, sequence: Sequence, address: str
) -> None:
    others = [planned(person.joins(), sequence) for person in (BEN, CLARA)]
    Message.objects.filter(pk=mail.pk).update(address=address)

    sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("failed", "cannot_compose")
    assert relay.accepted == {other.message_id: 1 for other in others}
    assert enrolment_of(mail).state == EnrolmentState.HELD


def test_a_question_without_its_request_fails_alone(
    relay: smtp.Relay, question: Message, sequence: Sequence
) -> None:
    asks(CLARA, sequence)
    Message.objects.filter(pk=question.pk).update(consent=None)

    sending.send_claimed(TRANSACTIONAL)

    assert seen(question) == ("failed", "cannot_compose")
    assert len(relay.mails) == 1


def test_who_left_long_ago_may_still_be_asked_a_question(
    relay: smtp.Relay, question: Message
) -> None:
    Suppression.objects.create(
        address_hash=address_hash(BEN.address), reason=Suppressed.UNSUBSCRIBED
    )

    sending.send_claimed(TRANSACTIONAL)

    assert seen(question)[0] == MessageState.ACCEPTED


@pytest.mark.parametrize("reason", [Suppressed.BOUNCE, Suppressed.COMPLAINT, Suppressed.BAN])
def test_an_address_that_is_banned_is_not_asked_either(
    relay: smtp.Relay, question: Message, reason: Suppressed
) -> None:
    Suppression.objects.create(address_hash=address_hash(BEN.address), reason=reason)

    sending.send_claimed(TRANSACTIONAL)

    assert seen(question) == ("cancelled", "suppressed")
    assert not relay.mails


# ------------------------------------------------------------------ many at once


def test_two_senders_at_once_send_each_of_two_hundred_once(
    committed: None, relay: smtp.Relay
) -> None:
    sequence = published_sequence(steps=1)
    crowd(200, sequence)
    expected = set(Message.objects.values_list("message_id", flat=True))

    at_once([lambda: sending.send_claimed(PROGRAMME)] * 2)

    assert len(expected) == 200
    assert relay.accepted == dict.fromkeys(expected, 1)
    assert set(Message.objects.values_list("state", flat=True)) == {MessageState.ACCEPTED}
    assert set(Enrolment.objects.values_list("state", flat=True)) == {EnrolmentState.FINISHED}
