"""How fast mail may go: to all, by each provider and to each recipient's domain, shared by all
workers in Redis.

A bucket for each rate fills with time; a warm-up plan bounds the day, and a domain can have a bound
on how many mails to it are under way at once. A domain that says "slow down" (421, 451) is left
alone for a while, longer each time, and nobody else waits for it. Redis only paces: when it is
away, each process keeps to a tenth by itself, and no mail is lost or doubled by it. What is halted
until a person has looked is in the database.
"""

import os
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from socket import gethostname
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac
from redis import Redis, RedisError

from nurture.domain.warmup import WarmUp
from nurture.models import Halt

PREFIX = "rehabit:pace"
ALL = "*"
REDIS_SECONDS = 0.5
ALONE = 0.1  # of each bound, for a process that cannot ask the others
TOO_MANY = 429  # HTTP's, and about the provider itself
SLOW_DOWN = frozenset({421, 451, TOO_MANY})
OFTEN = 5  # so many of these within the time that they are remembered ask for a pause
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 15, 900
REMEMBERED_SECONDS = 300
LATER_SECONDS = 600.0  # for what is halted, or has used up its day
IN_HAND_SECONDS = 120  # a killed process gives back by itself what it had in hand

# How many of the wanted mails may go, by the pause, the day, what is in hand and the rate; and
# after how many milliseconds the others may ask again.
TAKE = """
    local bucket, paused, day, hand = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
    local rate, want, today, most_in_hand = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]),
                                            tonumber(ARGV[4])
    local pause = redis.call('PTTL', paused)
    if pause > 0 then return {0, pause} end
    local t = redis.call('TIME')
    local now = t[1] * 1000 + math.floor(t[2] / 1000)
    local granted, wait = want, 0
    if today >= 0 then
        local left = today - tonumber(redis.call('GET', day) or 0)
        if left < granted then granted, wait = math.max(left, 0), tonumber(ARGV[6]) end
    end
    if most_in_hand > 0 then
        local held = 0
        local all = redis.call('HGETALL', hand)
        for i = 1, #all, 2 do
            local number, ends = string.match(all[i + 1], '(%d+) (%d+)')
            if tonumber(ends) < now then redis.call('HDEL', hand, all[i])
            elseif all[i] ~= ARGV[5] then held = held + tonumber(number) end
        end
        local room = math.max(most_in_hand - held, 0)
        if room < granted then granted, wait = room, math.max(wait, 1000) end
    end
    if rate > 0 then
        local most = math.max(rate, 1)
        local old = redis.call('HMGET', bucket, 'tokens', 'at')
        local tokens = tonumber(old[1]) or most
        tokens = math.min(most, tokens + (now - (tonumber(old[2]) or now)) * rate / 1000)
        local full = math.min(granted, math.floor(tokens))
        if full < granted then granted, wait = full, math.max(wait, math.ceil(1000 / rate)) end
        redis.call('HSET', bucket, 'tokens', tostring(tokens - granted), 'at', now)
        redis.call('PEXPIRE', bucket, math.ceil(most / rate * 1000) + 60000)
    end
    if today >= 0 and granted > 0 then
        redis.call('INCRBY', day, granted)
        redis.call('EXPIRE', day, 172800)
    end
    if most_in_hand > 0 and granted > 0 then
        local ends = now + tonumber(ARGV[7])
        redis.call('HSET', hand, ARGV[5], granted .. ' ' .. string.format('%d', ends))
        redis.call('PEXPIRE', hand, tonumber(ARGV[7]))
    end
    return {granted, wait}
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


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the settings say about a domain, a provider, or all mail."""

    rate: float = 0.0  # mails a second; 0 is no limit
    today: int | None = None  # mails on this day
    in_hand: int = 0  # mails under way at once; 0 is no limit

    @property
    def are_set(self) -> bool:
        return bool(self.rate or self.in_hand) or self.today is not None


def bounds(name: str, day: date) -> Bounds:
    plan = settings.MAIL_WARM_UP.get(name)
    return Bounds(
        settings.MAIL_RATES.get(name, 0.0),
        WarmUp.parse(plan).limit(day) if plan else None,
        settings.MAIL_CONCURRENCY.get(name, 0),
    )


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


def holder() -> str:
    """Who has mails in hand: a thread of a process."""
    return f"{gethostname()}:{os.getpid()}:{threading.get_ident()}"


def take(wanted: Mapping[str, int], *, provider: str = "") -> dict[str, Grant]:
    """Ask for so many mails to each domain, within what may go to all and by this provider.

    Who asks again, or is `done`, has nothing of the last time in hand any more.
    """
    stopped = frozenset(Halt.objects.in_force().values_list("domain", flat=True))
    if stopped & {ALL, provider}:
        return dict.fromkeys(wanted, Grant(0, LATER_SECONDS))
    free = {domain: mails for domain, mails in wanted.items() if domain not in stopped}
    try:
        answers = ask(free, provider)
    except RedisError:
        answers = alone.ask(free, provider)
    return {domain: answers.get(domain, Grant(0, LATER_SECONDS)) for domain in wanted}


def done() -> None:
    """Nothing is under way any more."""
    try:
        for name in settings.MAIL_CONCURRENCY:
            client(settings.CELERY_BROKER_URL).hdel(f"{key_of(name)}:hand", holder())
    except RedisError:
        return  # it ends by itself


def ask(wanted: Mapping[str, int], provider: str) -> dict[str, Grant]:
    redis = client(settings.CELERY_BROKER_URL)
    day = datetime.now(UTC).date()
    # A provider without bounds is asked about too: it may have told us to slow down.
    outer = [ALL] if bounds(ALL, day).are_set else []
    outer += [provider] if provider else []
    left, wait = sum(wanted.values()), 0.0
    rooms = {}
    for name in outer:
        rooms[name] = grant(redis, name, left, day=day)
        left, wait = rooms[name].mails, max(wait, rooms[name].wait)
    free, found = left, {}
    for domain, mails in wanted.items():
        asked = min(mails, left)
        given = grant(redis, domain, asked, day=day)
        found[domain] = Grant(given.mails, given.wait or (wait if asked < mails else 0.0))
        left -= given.mails
    for name, room in rooms.items():  # what there was no room for further in
        if (unused := room.mails - (free - left)) and bounds(name, day).today is not None:
            redis.decrby(f"{key_of(name)}:{day}", unused)
    return found


def grant(redis: "Redis", name: str, mails: int, *, day: date) -> Grant:
    bound = bounds(name, day)
    keys = [f"{key_of(name)}{rest}" for rest in ("", ":pause", f":{day}", ":hand")]
    today = -1 if bound.today is None else bound.today
    later = int(LATER_SECONDS * 1_000)
    in_hand = int(IN_HAND_SECONDS * 1_000)
    arguments = [bound.rate, mails, today, bound.in_hand, holder(), later, in_hand]
    answer: Any = redis.eval(TAKE, len(keys), *keys, *map(str, arguments))
    return Grant(int(answer[0]), int(answer[1]) / 1_000)


def slow_down(names: Iterable[str]) -> None:
    """Of domains, or of providers. One such answer is weather; whoever gives them often is left
    alone for a while.
    """
    try:
        redis = client(settings.CELERY_BROKER_URL)
        lengths = [FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, REMEMBERED_SECONDS, OFTEN]
        for name in set(names):
            redis.eval(SLOW, 2, f"{key_of(name)}:slow", f"{key_of(name)}:pause", *map(str, lengths))
    except RedisError:
        return  # each mail is put off by itself in any case


class Alone:
    """The same bounds inside this process, for as long as Redis is away."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[float, float]] = {}
        self._sent: dict[tuple[str, date], int] = {}

    def ask(self, wanted: Mapping[str, int], provider: str) -> dict[str, Grant]:
        day = datetime.now(UTC).date()
        left = self._grant(ALL, sum(wanted.values()), day).mails
        left = self._grant(provider, left, day).mails if provider else left
        found = {}
        for domain, mails in wanted.items():
            found[domain] = given = self._grant(domain, min(mails, left), day)
            left -= given.mails
        return found

    def _grant(self, name: str, mails: int, day: date) -> Grant:
        bound = bounds(name, day)
        wait = 1.0
        if bound.in_hand:
            mails = min(mails, max(int(bound.in_hand * ALONE), 1))
        if bound.today is not None:
            left = int(bound.today * ALONE) - self._sent.get((name, day), 0)
            mails, wait = min(mails, max(left, 0)), LATER_SECONDS if left <= 0 else wait
        if bound.rate:
            mails, wait = self._at_rate(name, mails, bound.rate * ALONE), 1 / (bound.rate * ALONE)
        self._sent[name, day] = self._sent.get((name, day), 0) + mails
        return Grant(mails, wait)

    def _at_rate(self, name: str, mails: int, rate: float) -> int:
        now, most = time.monotonic(), max(rate, 1.0)
        tokens, at = self._held.get(name, (most, now))
        tokens = min(most, tokens + (now - at) * rate)
        granted = min(mails, int(tokens))
        self._held[name] = (tokens - granted, now)
        return granted


alone = Alone()
