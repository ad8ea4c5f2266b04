"""How often somebody may do something: fixed windows, counted in Redis.

`hit` is exact and costs a round trip. `meter` is for what is generous and must be fast: a process
gathers its counts for half a second and adds them to Redis's together, so a limit may be overrun by
what all processes together let through in that time. Seldom asked, it is as exact as `hit`.

Neither ever fails. While Redis is away each process counts for itself, in bounded memory, and asks
Redis again after a few seconds; until then a limit holds per process instead of for all together.
No address stands in Redis: a key is an HMAC of what it counts.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.utils.crypto import salted_hmac
from limits.storage import RedisStorage
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from cms.integrations.gathering import Gathering
from cms.integrations.tally import Tally

PREFIX = "limits"
REDIS_SECONDS = 0.25  # a visitor never waits longer than this for a limit
RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Bucket:
    """At most `amount` in each `seconds`. The name is part of the key and of the headers."""

    name: str
    amount: int
    seconds: int = 60


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a hit. `reset_seconds` counts from now to the next window."""

    bucket: Bucket
    allowed: bool
    remaining: int
    reset_seconds: int

    @property
    def limit(self) -> int:
        return self.bucket.amount


class Away:
    """When Redis did not answer, so that the next visitors need not wait for it too."""

    until = 0.0


own = Tally()
gathering = Gathering()


def hit(bucket: Bucket, key: str, *, cost: int = 1) -> Verdict:
    """Count `cost` against what `key` names (an address, a token's id) and say what is left."""
    return judge(bucket, key, lambda name, seconds: count(name, seconds, cost))


def meter(bucket: Bucket, key: str) -> Verdict:
    """Count one, and say what is left as far as this process knows."""
    return judge(bucket, key, meter_one)


def judge(bucket: Bucket, key: str, used_of: Callable[[str, float], int]) -> Verdict:
    digest = digest_of(bucket.name, key)
    # Windows begin at another moment for each key, or all would come back at once.
    now = time.time()
    since = (now + int(digest[:8], 16) % bucket.seconds) % bucket.seconds
    left = bucket.seconds - since
    used = used_of(f"{bucket.name}:{digest}:{now - since:.0f}", left)
    return Verdict(
        bucket=bucket,
        allowed=used <= bucket.amount,
        remaining=max(0, bucket.amount - used),
        reset_seconds=int(left) + 1,
    )


@lru_cache(maxsize=10_000)
def digest_of(name: str, key: str) -> str:
    return salted_hmac(f"limits.{name}", key, algorithm="sha256").hexdigest()[:32]


def count(key: str, seconds: float, cost: int) -> int:
    now = time.monotonic()
    if now >= Away.until:
        try:
            return storage(settings.REDIS_URL).incr(key, int(seconds) + 1, cost)
        except (RedisError, OSError):
            Away.until = now + RETRY_SECONDS
    return own.add(key, seconds, cost, now=now)


def meter_one(key: str, seconds: float) -> int:
    now = time.monotonic()
    used = gathering.add(key, seconds, now=now)
    if now < Away.until or not (gathered := gathering.take(now=now)):
        return used
    try:
        return gathering.learn(tell(gathered), now=now).get(key, used)
    except (RedisError, OSError):
        Away.until = now + RETRY_SECONDS
        return used


def tell(gathered: dict[str, tuple[int, float]]) -> dict[str, tuple[int, float]]:
    """Add counts to Redis's, in one round trip: by key the new sum, and how long it lasts."""
    told = storage(settings.REDIS_URL)
    with told.storage.pipeline(transaction=False) as pipeline:
        for key, (cost, seconds) in gathered.items():
            pipeline.incrby(told.prefixed_key(key), cost)
            pipeline.expire(told.prefixed_key(key), int(seconds) + 1)
        sums = pipeline.execute()[::2]
    return {key: (used, gathered[key][1]) for key, used in zip(gathered, sums, strict=True)}


def is_away() -> bool:
    """Whether Redis did not answer lately, so that counts are this process's own."""
    return time.monotonic() < Away.until


@lru_cache(maxsize=4)
def storage(url: str) -> RedisStorage:
    pool: ConnectionPool = ConnectionPool.from_url(
        url,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    return RedisStorage(url, connection_pool=pool, key_prefix=PREFIX)
