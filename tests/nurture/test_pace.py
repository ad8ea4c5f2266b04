"""Not too fast: rates for all and for a domain, and a domain that asks us to slow down."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import F
from pytest_django import Settings

from nurture import pace, sending
from nurture.domain.states import TRANSACTIONAL, MessageState, Reason
from nurture.domain.warmup import WarmUp
from nurture.models import Message
from tests import smtp
from tests.cast import ANNA
from tests.factories import published_sequence
from tests.nurture.steps import asks, crowd
from tests.smtp import Phase, closed_port

DAY = timedelta(days=1)


def test_without_rates_everything_may_go(db: None) -> None:
    assert pace.take({"a.org": 500}) == {"a.org": pace.Grant(500, 0)}


def test_a_domains_rate_bounds_it_and_nobody_else(db: None, settings: Settings) -> None:
    settings.MAIL_RATES = {"a.org": 2.0}

    first = pace.take({"a.org": 5, "b.org": 5})
    second = pace.take({"a.org": 5})

    assert (first["a.org"].mails, first["b.org"].mails, second["a.org"].mails) == (2, 5, 0)
    assert second["a.org"].wait == 0.5


def test_the_rate_for_all_is_shared_by_the_domains(db: None, settings: Settings) -> None:
    settings.MAIL_RATES = {"*": 3.0}

    grants = pace.take({"a.org": 2, "b.org": 2})

    assert sum(grant.mails for grant in grants.values()) == 3


def test_a_domain_that_says_slow_down_is_left_alone_longer_each_time(db: None) -> None:
    for _answer in range(pace.OFTEN):
        pace.slow_down(["a.org"])
    once = pace.take({"a.org": 1, "b.org": 1})
    pace.slow_down(["a.org"])
    twice = pace.take({"a.org": 1})

    assert (once["a.org"].mails, once["b.org"].mails) == (0, 1)
    assert 14 < once["a.org"].wait <= 15 < twice["a.org"].wait <= 30


def test_without_redis_each_process_keeps_to_a_tenth(db: None, settings: Settings) -> None:
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


def test_one_such_answer_is_only_weather(db: None) -> None:
    pace.slow_down(["a.org"])

    assert pace.take({"a.org": 1})["a.org"].mails == 1


def test_a_relay_that_keeps_saying_451_is_not_asked_again_at_once(
    committed: None, relay: smtp.Relay
) -> None:
    crowd(pace.OFTEN, published_sequence(steps=1))
    relay.refuse(Phase.RCPT, 451, times=pace.OFTEN)

    sending.send_claimed(sending.PROGRAMME)

    assert pace.take({"example.org": 1})["example.org"].mails == 0


# ------------------------------------------------------------------ a day's plan, mails under way


def today() -> date:
    return datetime.now(UTC).date()


def test_a_warm_up_plan_bounds_the_day_and_ends(db: None, settings: Settings) -> None:
    settings.MAIL_WARM_UP = {"a.org": f"{today()}/3/9", "b.org": f"{today() - 9 * DAY}/3/9"}

    first = pace.take({"a.org": 2, "b.org": 500})
    second = pace.take({"a.org": 5})
    third = pace.take({"a.org": 5})

    assert (first["a.org"].mails, second["a.org"].mails, third["a.org"].mails) == (2, 1, 0)
    assert third["a.org"].wait == pace.LATER_SECONDS
    assert first["b.org"].mails == 500


@pytest.mark.parametrize(("days", "limit"), [(-3, 50), (0, 50), (1, 100), (2, None), (900, None)])
def test_each_day_of_a_warm_up_has_its_number(days: int, limit: int | None) -> None:
    plan = WarmUp.parse("2026-12-01/50/100")

    assert plan.limit(date(2026, 12, 1) + days * DAY) == limit


@pytest.mark.parametrize("text", ["", "2026-12-01", "50/100", "2026-13-01/50", "2026-12-01/x"])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        WarmUp.parse(text)


def test_what_a_domain_has_no_room_for_is_not_taken_from_the_day_of_all(
    db: None, settings: Settings
) -> None:
    settings.MAIL_WARM_UP = {"*": f"{today()}/10"}
    settings.MAIL_RATES = {"a.org": 1.0}

    pace.take({"a.org": 10})

    assert pace.take({"b.org": 20})["b.org"].mails == 9


def by(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on this process is that one."""
    monkeypatch.setattr(pace, "holder", lambda: name)


def test_so_many_mails_to_a_domain_are_under_way_at_once(
    db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAIL_CONCURRENCY = {"a.org": 3}

    by("one", monkeypatch)
    one = pace.take({"a.org": 2, "b.org": 7})
    by("two", monkeypatch)
    two = pace.take({"a.org": 2})
    by("three", monkeypatch)
    three = pace.take({"a.org": 2})
    by("one", monkeypatch)
    pace.done()
    by("three", monkeypatch)
    again = pace.take({"a.org": 5})

    assert (one["a.org"].mails, one["b.org"].mails) == (2, 7)
    assert (two["a.org"].mails, three["a.org"].mails, again["a.org"].mails) == (1, 0, 2)
    assert three["a.org"].wait == 1


def test_what_a_killed_process_had_in_hand_comes_back(
    db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "IN_HAND_SECONDS", 0.05)
    settings.MAIL_CONCURRENCY = {"a.org": 1}
    by("killed", monkeypatch)
    pace.take({"a.org": 1})
    time.sleep(0.1)
    by("other", monkeypatch)

    assert pace.take({"a.org": 1})["a.org"].mails == 1


def test_without_redis_a_day_and_what_is_in_hand_are_a_tenth(db: None, settings: Settings) -> None:
    settings.MAIL_WARM_UP, settings.MAIL_CONCURRENCY = {"a.org": f"{today()}/20"}, {"b.org": 30}
    with closed_port() as port:
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{port}/0"

        first = pace.take({"a.org": 50, "b.org": 50})
        second = pace.take({"a.org": 50})

    assert (first["a.org"].mails, first["b.org"].mails, second["a.org"].mails) == (2, 3, 0)


def test_the_parts_of_a_delivery_are_given_back_at_its_end(
    committed: None, relay: smtp.Relay, settings: Settings
) -> None:
    settings.MAIL_CONCURRENCY = {"example.org": 4}
    crowd(6, published_sequence(steps=1))

    sending.send_claimed(sending.PROGRAMME)
    Message.objects.update(next_attempt_at=F("created_at"))
    other = pace.take({"example.org": 5})
    pace.done()
    sending.send_claimed(sending.PROGRAMME)

    assert other["example.org"].mails == 4
    assert len(relay.mails) == 6


# ------------------------------------------------------------------ by a provider


def test_a_providers_rate_bounds_all_that_goes_by_it_and_no_other(
    db: None, settings: Settings
) -> None:
    settings.MAIL_RATES = {"first": 3.0}

    first = pace.take({"a.org": 2, "b.org": 2}, provider="first")
    second = pace.take({"a.org": 2, "b.org": 2}, provider="second")

    assert sum(grant.mails for grant in first.values()) == 3
    assert first["b.org"].wait > 0
    assert sum(grant.mails for grant in second.values()) == 4


def test_a_new_provider_is_warmed_up_by_its_own_plan(db: None, settings: Settings) -> None:
    settings.MAIL_WARM_UP = {"second": f"{today()}/5", "*": f"{today()}/100"}
    settings.MAIL_RATES = {"a.org": 2.0}

    first = pace.take({"a.org": 4}, provider="second")
    then = pace.take({"b.org": 9}, provider="second")
    other = pace.take({"b.org": 200}, provider="first")

    assert (first["a.org"].mails, then["b.org"].mails, other["b.org"].mails) == (2, 3, 95)


def test_so_many_mails_are_under_way_by_a_provider(
    db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAIL_CONCURRENCY = {"first": 3}

    by("one", monkeypatch)
    one = pace.take({"a.org": 2}, provider="first")
    by("two", monkeypatch)
    two = pace.take({"b.org": 2}, provider="first")

    assert (one["a.org"].mails, two["b.org"].mails) == (2, 1)


def test_a_provider_that_says_too_many_is_left_alone_for_a_while(db: None) -> None:
    for _answer in range(pace.OFTEN):
        pace.slow_down(["first"])

    assert pace.take({"a.org": 5}, provider="first")["a.org"].mails == 0
    assert pace.take({"a.org": 5}, provider="second")["a.org"].mails == 5


def test_without_redis_a_process_keeps_to_a_tenth_of_a_providers_rate(
    db: None, settings: Settings
) -> None:
    settings.MAIL_RATES = {"first": 20.0}
    with closed_port() as port:
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{port}/0"

        grants = pace.take({"a.org": 50}, provider="first")

    assert grants["a.org"].mails == 2
