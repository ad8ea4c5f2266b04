"""Two ways out: which mail goes by which one, and none by both."""

import math
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from pytest_django import Settings

from nurture import counting, routing, sending, sweep
from nurture.domain.counted import Counted
from nurture.domain.retry import Answer
from nurture.domain.states import TRANSACTIONAL, MessageKind, MessageState
from nurture.models import Message, Outage, Sequence
from nurture.sending import PROGRAMME
from nurture.story import story
from tests import smtp
from tests.cast import ANNA, BEN
from tests.factories import published_sequence
from tests.nurture.steps import asks, crowd, planned, time_passes
from tests.smtp import Phase, Relay

CONNECTIONS = 8


@pytest.fixture
def sequence(db: None) -> Sequence:
    return published_sequence(steps=1)


@pytest.fixture
def first() -> Iterator[Relay]:
    with Relay() as server:
        yield server


@pytest.fixture
def second(first: Relay, settings: Settings) -> Iterator[Relay]:
    settings.SMTP_CONNECTIONS = CONNECTIONS
    with Relay() as server:
        settings.MAIL_PROVIDERS = (
            smtp.provider_at(first.port, name="first"),
            smtp.provider_at(server.port, name="second"),
        )
        yield server


@pytest.fixture
def question(sequence: Sequence) -> Message:
    asks(BEN, sequence)
    return Message.objects.get(kind=MessageKind.CONFIRMATION)


def seen(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.provider


def goes_away(relay: Relay, phase: Phase = Phase.GREETING) -> None:
    relay.hang_up(phase, times=math.inf)


def pause_is_over() -> None:
    """As if the time had come to try it."""
    Outage.objects.update(retry_at=Now())


def test_a_mail_says_by_which_provider_it_went(
    first: Relay, second: Relay, sequence: Sequence
) -> None:
    mail = planned(ANNA.joins(), sequence)
    before = mail.provider

    sending.send_claimed(PROGRAMME)

    assert before == ""
    assert seen(mail) == ("accepted", "first")
    assert story(ANNA.address)["messages"][-1]["provider"] == "first"
    assert not second.mails


def test_a_refusal_says_by_which_provider(first: Relay, second: Relay, sequence: Sequence) -> None:
    mail = planned(ANNA.joins(), sequence)
    first.refuse(Phase.RCPT, 550)

    sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("failed", "first")


def test_a_signup_goes_by_the_second_in_the_same_round(
    first: Relay, second: Relay, question: Message
) -> None:
    goes_away(first)

    sending.send_claimed(TRANSACTIONAL)

    assert seen(question) == ("accepted", "second")
    assert question.attempts == 1
    assert first.connections == 1
    assert second.accepted == {question.message_id: 1}


def test_the_next_signup_does_not_even_knock_at_the_first(
    first: Relay, second: Relay, sequence: Sequence
) -> None:
    goes_away(first)
    asks(BEN, sequence)
    sending.send_claimed(TRANSACTIONAL)
    knocks = first.connections
    asks(ANNA, sequence)

    sending.send_claimed(TRANSACTIONAL)

    assert len(second.mails) == 2
    assert first.connections == knocks


def test_a_provider_that_refuses_our_password_is_away_too(
    first: Relay, second: Relay, question: Message, settings: Settings
) -> None:
    first.refuse(Phase.AUTH, 535, times=math.inf)
    wrong = smtp.provider_at(first.port, login="us:wrong@", name="first")
    settings.MAIL_PROVIDERS = (wrong, settings.MAIL_PROVIDERS[1])

    sending.send_claimed(TRANSACTIONAL)

    assert seen(question) == ("accepted", "second")


def test_programme_mail_waits_and_nothing_is_claimed(
    first: Relay, second: Relay, sequence: Sequence
) -> None:
    crowd(20, sequence)
    goes_away(first)
    sending.send_claimed(PROGRAMME)
    knocks = first.connections
    Message.objects.update(next_attempt_at=Now())

    taken = sending.send_claimed(PROGRAMME)

    assert taken == 0
    assert first.connections == knocks <= CONNECTIONS
    assert set(Message.objects.values_list("attempts", "lease_token")) == {(0, None)}
    assert not second.mails


def test_programme_mail_goes_by_the_second_when_the_first_has_been_away_for_long(
    first: Relay, second: Relay, sequence: Sequence
) -> None:
    crowd(20, sequence)
    goes_away(first)
    sending.send_claimed(PROGRAMME)
    time_passes(timedelta(minutes=16))

    sending.send_claimed(PROGRAMME)
    Message.objects.update(next_attempt_at=Now())
    sending.send_claimed(PROGRAMME)

    assert set(Message.objects.values_list("state", "provider")) == {("accepted", "second")}
    assert set(second.accepted.values()) == {1}


def test_it_goes_back_to_the_first_when_one_mail_has_gone_through(
    first: Relay, second: Relay, sequence: Sequence, settings: Settings
) -> None:
    settings.MAIL_FAILOVER_MINUTES = 0
    crowd(3, sequence)
    goes_away(first)
    sending.send_claimed(PROGRAMME)
    crowd(9, published_sequence(steps=1, title="Another"))
    time_passes(timedelta(minutes=5))
    first.forget()
    pause_is_over()

    sending.send_claimed(PROGRAMME)

    assert len(first.mails) + len(second.mails) == 12
    assert len(first.mails) >= 9
    assert not Outage.objects.exists()


def test_a_try_that_fails_costs_one_mail_a_moment_and_the_rest_nothing(
    first: Relay, second: Relay, sequence: Sequence
) -> None:
    crowd(9, sequence)
    goes_away(first)
    sending.send_claimed(PROGRAMME)
    time_passes(timedelta(minutes=5))
    pause_is_over()
    knocks = first.connections

    taken = sending.send_claimed(PROGRAMME)

    assert taken == 1
    assert first.connections == knocks + 1


def test_a_relay_that_dies_in_the_middle_of_a_batch_leaves_the_rest_to_the_second(
    first: Relay, second: Relay, sequence: Sequence, settings: Settings
) -> None:
    settings.MAIL_FAILOVER_MINUTES = 0
    crowd(40, sequence)
    first.hang_up(Phase.MAIL, times=math.inf, skip=12)
    first.hang_up(Phase.GREETING, times=math.inf, skip=CONNECTIONS)
    sending.send_claimed(PROGRAMME)
    Message.objects.update(next_attempt_at=Now())

    sending.send_claimed(PROGRAMME)

    assert set(Message.objects.values_list("state", flat=True)) == {MessageState.ACCEPTED}
    assert len(first.accepted) >= 12
    assert set((first.accepted + second.accepted).values()) == {1}
    assert len(first.accepted + second.accepted) == 40


def test_a_mail_whose_answer_was_lost_never_goes_by_the_second(
    first: Relay, second: Relay, sequence: Sequence, settings: Settings
) -> None:
    settings.MAIL_FAILOVER_MINUTES = 0
    mail = planned(ANNA.joins(), sequence)
    first.hang_up(Phase.DOT)
    sending.send_claimed(PROGRAMME)
    goes_away(first)
    time_passes(timedelta(hours=1))

    sweep.sweep()
    sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("unknown", "first")
    assert not second.mails


def test_without_any_provider_a_signup_waits(
    first: Relay, second: Relay, question: Message
) -> None:
    goes_away(first)
    goes_away(second)

    sending.send_claimed(TRANSACTIONAL)
    taken = sending.send_claimed(TRANSACTIONAL)

    assert taken == 0
    assert seen(question) == ("deferred", "")
    assert question.attempts == 0


# ------------------------------------------------------------------ how an outage is remembered


def fails(*, again: bool = False) -> None:
    routing.failed("first", Answer.AWAY, again=again)


def test_of_several_processes_one_tries_and_the_others_wait(
    first: Relay, second: Relay, db: None
) -> None:
    fails()
    pause_is_over()
    routes = [routing.choose(PROGRAMME), routing.choose(PROGRAMME)]

    begun = [route is not None and route.is_probe and route.begin() for route in routes]

    assert begun == [True, False]
    assert routing.choose(PROGRAMME) is None


def test_a_killed_process_that_was_trying_is_not_waited_for_for_ever(
    first: Relay, second: Relay, db: None
) -> None:
    fails()
    pause_is_over()
    route = routing.choose(PROGRAMME)
    assert route is not None
    route.begin()
    time_passes(routing.PROBE)

    assert routing.choose(PROGRAMME) == route


def test_what_others_meet_meanwhile_makes_the_pause_no_longer(db: None) -> None:
    fails()
    fails()
    fails()

    assert Outage.objects.get().failures == 1


def test_each_pause_is_twice_as_long_up_to_a_bound_and_it_is_said_without_an_address(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    fails()
    for _try in range(7):
        fails(again=True)

    said = [record.getMessage() for record in caplog.records]
    pauses = ["5 s", "10 s", "20 s", "40 s", "80 s", "160 s", "300 s", "300 s"]
    assert [text.rpartition(" in ")[2] for text in said] == pauses
    assert said[0] == "provider first is away (away); it is tried again in 5 s"
    assert counting.of_days(1)[Counted.AWAY] == 1


def test_a_try_with_a_mail_that_may_not_leave_is_none(
    first: Relay, second: Relay, sequence: Sequence
) -> None:
    mail = planned(ANNA.joins(), sequence)
    fails()
    pause_is_over()
    Message.objects.update(expires_at=Now() - timedelta(days=1))

    sending.send_claimed(PROGRAMME)

    assert seen(mail)[0] == MessageState.FAILED
    assert Outage.objects.filter(retry_at__lte=Now()).exists()


def test_many_lost_answers_in_a_row_put_no_whole_batch_in_doubt(
    first: Relay, second: Relay, sequence: Sequence
) -> None:
    crowd(40, sequence)
    first.hang_up(Phase.DOT, times=math.inf)

    sending.send_claimed(PROGRAMME)

    in_doubt = Message.objects.filter(state=MessageState.UNKNOWN).count()
    assert sending.LOST_IN_A_ROW <= in_doubt < sending.LOST_IN_A_ROW + CONNECTIONS
    assert Outage.objects.get().provider == "first"
    assert not second.mails


def test_a_try_without_an_answer_is_one_that_failed(
    first: Relay, second: Relay, sequence: Sequence
) -> None:
    crowd(9, sequence)
    fails()
    pause_is_over()
    first.hang_up(Phase.DOT, times=math.inf)

    sending.send_claimed(PROGRAMME)

    assert Message.objects.filter(state=MessageState.UNKNOWN).count() == 1
    assert Outage.objects.get().failures == 2
