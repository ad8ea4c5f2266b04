"""Counting requests in Redis, and without it."""

import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import redis
from django.test import RequestFactory
from pytest_django import Settings

from cms.integrations import client, gathering, limits
from cms.integrations.gathering import Gathering
from cms.integrations.limits import Away, Bucket
from cms.integrations.tally import Tally

THREE = Bucket("test", 3, seconds=3_600)
Gathered = dict[str, tuple[int, float]]
NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def _calm() -> Iterator[None]:
    Away.until = 0.0
    limits.own.counts.clear()
    yield
    Away.until = 0.0


@pytest.fixture
def server(settings: Settings) -> redis.Redis:
    connection: redis.Redis = redis.Redis.from_url(settings.REDIS_URL)
    for key in connection.scan_iter("limits:*"):
        connection.delete(key)
    return connection


def test_a_limit_lets_as_many_through_as_it_says(server: redis.Redis) -> None:
    verdicts = [limits.hit(THREE, "a") for _ in range(5)]

    assert [verdict.allowed for verdict in verdicts] == [True, True, True, False, False]
    assert [verdict.remaining for verdict in verdicts] == [2, 1, 0, 0, 0]
    assert all(0 < verdict.reset_seconds <= 3_601 for verdict in verdicts)


def test_each_key_and_each_bucket_has_its_own_count(server: redis.Redis) -> None:
    limits.hit(THREE, "a", cost=3)

    assert limits.hit(THREE, "b").remaining == 2
    assert limits.hit(replace(THREE, name="other"), "a").remaining == 2
    assert not limits.hit(THREE, "a").allowed


def test_a_new_window_begins_with_a_new_count(server: redis.Redis) -> None:
    second = Bucket("second", 1, seconds=1)

    first = limits.hit(second, "a")
    time.sleep(1.05)

    assert first.allowed
    assert limits.hit(second, "a").allowed


def test_no_address_stands_in_redis_and_every_key_expires(server: redis.Redis) -> None:
    limits.hit(THREE, "anna@example.org")

    [key] = server.scan_iter("limits:*")
    assert b"anna" not in key
    assert 0 < server.ttl(key) <= 3_601


def test_without_redis_a_limit_still_holds_in_each_process(settings: Settings) -> None:
    settings.REDIS_URL = NOBODY

    verdicts = [limits.hit(THREE, "a").allowed for _ in range(4)]

    assert verdicts == [True, True, True, False]


def test_a_redis_that_hangs_is_waited_for_once_and_shortly(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        began = time.monotonic()

        verdicts = [limits.hit(THREE, str(number)) for number in range(100)]

    assert all(verdict.allowed for verdict in verdicts)
    assert 0.2 < time.monotonic() - began < 1


def test_redis_counts_again_once_it_is_back(settings: Settings, server: redis.Redis) -> None:
    there = settings.REDIS_URL
    settings.REDIS_URL = NOBODY
    limits.hit(THREE, "a", cost=3)
    settings.REDIS_URL = there
    Away.until = time.monotonic()

    assert limits.hit(THREE, "a").remaining == 2


# ------------------------------------------------------------------ counting in a hurry


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Several processes, as far as counting goes: says which of them counts from now on."""
    known: dict[str, Gathering] = defaultdict(Gathering)
    return lambda name: monkeypatch.setattr(limits, "gathering", known[name])


def half_a_second_later() -> None:
    limits.gathering.told_at -= gathering.EVERY_SECONDS


def test_a_seldom_visitor_is_counted_by_all_at_once(
    server: redis.Redis, processes: Callable[[str], None]
) -> None:
    seen = []
    for name in ("one", "two", "three"):
        processes(name)
        seen.append(limits.meter(THREE, "a").remaining)

    assert seen == [2, 1, 0]
    assert not limits.hit(THREE, "a").allowed


def test_a_hurried_visitor_costs_one_round_trip_in_half_a_second(
    server: redis.Redis, processes: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    processes("one")
    told: list[int] = []
    tell = limits.tell

    def listening(gathered: Gathered) -> Gathered:
        told.extend(count for count, _seconds in gathered.values())
        return tell(gathered)

    monkeypatch.setattr(limits, "tell", listening)

    verdicts = [limits.meter(THREE, "a").allowed for _ in range(5)]
    half_a_second_later()
    limits.meter(THREE, "a")

    assert verdicts == [True, True, True, False, False]
    assert told == [1, 5]


def test_another_process_hears_of_them_with_the_next_round(
    server: redis.Redis, processes: Callable[[str], None]
) -> None:
    processes("one")
    limits.meter(THREE, "a")
    limits.meter(THREE, "a")
    half_a_second_later()
    limits.meter(THREE, "a")
    processes("two")

    assert not limits.meter(THREE, "a").allowed


def test_what_is_gathered_expires_in_redis(
    server: redis.Redis, processes: Callable[[str], None]
) -> None:
    processes("one")

    limits.meter(THREE, "anna@example.org")

    [key] = server.scan_iter("limits:*")
    assert b"anna" not in key
    assert 0 < server.ttl(key) <= 3_601


def test_without_redis_a_hurried_limit_holds_in_each_process(
    settings: Settings, processes: Callable[[str], None]
) -> None:
    settings.REDIS_URL = NOBODY
    processes("one")

    assert [limits.meter(THREE, "a").allowed for _ in range(4)] == [True, True, True, False]


def test_memory_is_bounded_whoever_comes() -> None:
    tally = Tally(most_keys=100)

    for number in range(1_000):
        tally.add(str(number), 60, 1, now=0)

    assert len(tally.counts) <= 100
    assert tally.add("999", 60, 1, now=0) == 2


def test_a_count_in_memory_ends_with_its_window() -> None:
    tally = Tally()
    tally.add("a", 60, 1, now=0)

    assert tally.add("a", 60, 1, now=59) == 2
    assert tally.add("a", 60, 1, now=61) == 1


# ------------------------------------------------------------------ whose request it is


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 203.0.113.9", "198.51.100.1"),
        (2, "203.0.113.9", "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (1, "nonsense", "127.0.0.1"),
        (1, "203.0.113.9:4711", "203.0.113.9"),
        (1, "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "fe80::1%eth0", "fe80::1"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
    ],
)
def test_only_what_our_own_proxies_wrote_counts(
    settings: Settings, rf: RequestFactory, proxies: int, forwarded: str, expected: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    assert client.address(rf.get("/", headers=headers)) == expected


def test_a_request_without_an_address_is_counted_all_the_same(rf: RequestFactory) -> None:
    assert client.network(rf.get("/", REMOTE_ADDR="")) == "0.0.0.0"


def test_an_ipv6_household_counts_as_one(rf: RequestFactory) -> None:
    found = {
        client.network(rf.get("/", REMOTE_ADDR=f"2001:db8:1:2:{number:x}::9"))
        for number in range(20)
    }

    assert found == {"2001:db8:1:2::"}
