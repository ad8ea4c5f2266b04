"""How fast mail may go, to all and to each recipient's domain, shared by all workers in Redis.

A bucket for each rate fills with time. A domain that says "slow down" (421, 451) is left alone for
a while, longer each time, and nobody else waits for it. Redis only paces: when it is away, each
process keeps to a tenth of the rates by itself, and no mail is lost or doubled by it.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac
from redis import Redis, RedisError

PREFIX = "rehabit:pace"
ALL = "*"
REDIS_SECONDS = 0.5
ALONE = 0.1  # of each rate, for a process that cannot ask the others
SLOW_DOWN = frozenset({421, 451})
OFTEN = 5  # so many of these within the time that they are remembered ask for a pause
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 15, 900
REMEMBERED_SECONDS = 300

TAKE = """
    local pause = redis.call('PTTL', KEYS[2])
    if pause > 0 then return {0, pause} end
    local rate, want = tonumber(ARGV[1]), tonumber(ARGV[2])
    if rate <= 0 then return {want, 0} end
    local t = redis.call('TIME')
    local now = t[1] * 1000 + math.floor(t[2] / 1000)
    local most = math.max(rate, 1)
    local held = redis.call('HMGET', KEYS[1], 'tokens', 'at')
    local tokens = tonumber(held[1]) or most
    tokens = math.min(most, tokens + (now - (tonumber(held[2]) or now)) * rate / 1000)
    local granted = math.min(want, math.floor(tokens))
    redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - granted), 'at', now)
    redis.call('PEXPIRE', KEYS[1], math.ceil(most / rate * 1000) + 60000)
    return {granted, granted < want and math.ceil(1000 / rate) or 0}
"""
SLOW = """
    local times = redis.call('INCR', KEYS[1])
    redis.call('EXPIRE', KEYS[1], ARGV[3])
    if times < tonumber(ARGV[4]) then return 0 end
    local seconds = math.min(ARGV[1] * 2 ^ (times - ARGV[4]), tonumber(ARGV[2]))
    redis.call('SET', KEYS[2], '1', 'EX', math.floor(seconds))
    return math.floor(seconds)
"""


@dataclass(frozen=True, slots=True)
class Grant:
    """How many may go now; the others ask again after `wait` seconds."""

    mails: int
    wait: float


@lru_cache(maxsize=1)
def client(url: str) -> "Redis":
    return Redis.from_url(
        url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS, retry=None
    )


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


@lru_cache(maxsize=10_000)
def key_of(name: str) -> str:
    """Whose domain is their own can be named by it, so Redis keeps a keyed hash."""
    return f"{PREFIX}:{salted_hmac(PREFIX, name, algorithm='sha256').hexdigest()[:24]}"


def rate_of(domain: str) -> float:
    """Mails a second; 0 is no limit."""
    rates: Mapping[str, float] = settings.MAIL_RATES
    return rates.get(domain, 0.0)


def take(wanted: Mapping[str, int]) -> dict[str, Grant]:
    """Ask for so many mails to each domain, within what may go to all."""
    try:
        answers = ask(wanted)
    except RedisError:
        answers = alone.ask(wanted)
    return answers


def ask(wanted: Mapping[str, int]) -> dict[str, Grant]:
    redis = client(settings.CELERY_BROKER_URL)
    total = grant(redis, ALL, sum(wanted.values())) if rate_of(ALL) else None
    left = total.mails if total else sum(wanted.values())
    found = {}
    for domain, mails in wanted.items():
        asked = min(mails, left)
        given = grant(redis, domain, asked)
        wait = given.wait or (total.wait if total and asked < mails else 0.0)
        found[domain] = Grant(given.mails, wait)
        left -= given.mails
    return found


def grant(redis: "Redis", name: str, mails: int) -> Grant:
    keys = [key_of(name), f"{key_of(name)}:pause"]
    answer: Any = redis.eval(TAKE, 2, *keys, str(rate_of(name)), str(mails))
    return Grant(int(answer[0]), int(answer[1]) / 1_000)


def slow_down(domains: Iterable[str]) -> None:
    """One such answer is weather; when they come often the domain is left alone for a while."""
    try:
        redis = client(settings.CELERY_BROKER_URL)
        lengths = [FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, REMEMBERED_SECONDS, OFTEN]
        for domain in set(domains):
            redis.eval(
                SLOW, 2, f"{key_of(domain)}:slow", f"{key_of(domain)}:pause", *map(str, lengths)
            )
    except RedisError:
        return  # each mail is put off by itself in any case


class Alone:
    """The same buckets inside this process, for as long as Redis is away."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[float, float]] = {}

    def ask(self, wanted: Mapping[str, int]) -> dict[str, Grant]:
        left = self._grant(ALL, sum(wanted.values())).mails
        found = {}
        for domain, mails in wanted.items():
            found[domain] = given = self._grant(domain, min(mails, left))
            left -= given.mails
        return found

    def _grant(self, name: str, mails: int) -> Grant:
        rate = rate_of(name) * ALONE
        if rate <= 0:
            return Grant(mails, 1.0)
        now, most = time.monotonic(), max(rate, 1.0)
        tokens, at = self._held.get(name, (most, now))
        tokens = min(most, tokens + (now - at) * rate)
        granted = min(mails, int(tokens))
        self._held[name] = (tokens - granted, now)
        return Grant(granted, 1 / rate)


alone = Alone()
