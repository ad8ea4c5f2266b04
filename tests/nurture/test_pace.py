"""Not too fast: rates for all and for a domain, and a domain that asks us to slow down."""

from pytest_django import Settings

from nurture import pace, sending
from nurture.domain.states import TRANSACTIONAL, MessageState, Reason
from nurture.models import Message
from tests import smtp
from tests.cast import ANNA
from tests.factories import published_sequence
from tests.nurture.steps import asks, crowd
from tests.smtp import Phase, closed_port


def test_without_rates_everything_may_go() -> None:
    assert pace.take({"a.org": 500}) == {"a.org": pace.Grant(500, 0)}


def test_a_domains_rate_bounds_it_and_nobody_else(settings: Settings) -> None:
    settings.MAIL_RATES = {"a.org": 2.0}

    first = pace.take({"a.org": 5, "b.org": 5})
    second = pace.take({"a.org": 5})

    assert (first["a.org"].mails, first["b.org"].mails, second["a.org"].mails) == (2, 5, 0)
    assert second["a.org"].wait == 0.5


def test_the_rate_for_all_is_shared_by_the_domains(settings: Settings) -> None:
    settings.MAIL_RATES = {"*": 3.0}

    grants = pace.take({"a.org": 2, "b.org": 2})

    assert sum(grant.mails for grant in grants.values()) == 3


def test_a_domain_that_says_slow_down_is_left_alone_longer_each_time() -> None:
    for _answer in range(pace.OFTEN):
        pace.slow_down(["a.org"])
    once = pace.take({"a.org": 1, "b.org": 1})
    pace.slow_down(["a.org"])
    twice = pace.take({"a.org": 1})

    assert (once["a.org"].mails, once["b.org"].mails) == (0, 1)
    assert 14 < once["a.org"].wait <= 15 < twice["a.org"].wait <= 30


def test_without_redis_each_process_keeps_to_a_tenth(settings: Settings) -> None:
    settings.MAIL_RATES = {"a.org": 20.0}
    with closed_port() as port:
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{port}/0"

        grants = pace.take({"a.org": 50, "b.org": 50})

    assert (grants["a.org"].mails, grants["b.org"].mails) == (2, 50)


def test_what_there_is_no_room_for_waits_and_spends_no_attempt(
    committed: None, relay: smtp.Relay, settings: Settings
) -> None:
    settings.MAIL_RATES = {"*": 2.0}
    crowd(5, published_sequence(steps=1))

    sending.send_claimed(sending.PROGRAMME)

    waiting = Message.objects.exclude(state=MessageState.ACCEPTED)
    assert len(relay.mails) == 2
    assert set(waiting.values_list("state", "reason", "attempts")) == {
        (MessageState.QUEUED, Reason.PACED, 0)
    }


def test_a_signup_never_waits_for_room(
    committed: None, relay: smtp.Relay, settings: Settings
) -> None:
    settings.MAIL_RATES = {"*": 1.0}
    sequence = published_sequence(steps=1)
    crowd(3, sequence)
    sending.send_claimed(sending.PROGRAMME)

    asks(ANNA, sequence)
    sending.send_claimed(TRANSACTIONAL)

    assert len(relay.mails) == 2


def test_one_such_answer_is_only_weather() -> None:
    pace.slow_down(["a.org"])

    assert pace.take({"a.org": 1})["a.org"].mails == 1


def test_a_relay_that_keeps_saying_451_is_not_asked_again_at_once(
    committed: None, relay: smtp.Relay
) -> None:
    crowd(pace.OFTEN, published_sequence(steps=1))
    relay.refuse(Phase.RCPT, 451, times=pace.OFTEN)

    sending.send_claimed(sending.PROGRAMME)

    assert pace.take({"example.org": 1})["example.org"].mails == 0
