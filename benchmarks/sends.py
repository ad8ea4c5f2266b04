"""Recorded sends per second through the real path: worker, claim, fence, SMTP, outcome."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import Max
from redis import Redis

from benchmarks import people
from benchmarks.stand import READY_SECONDS, Stand
from config.celery import app
from config.local import children
from nurture import due, tasks
from nurture.models import Message

AT_MOST_SECONDS = 300.0


@contextmanager
def worker(there: Stand, *, concurrency: int, **environment: str) -> Iterator[children.Child]:
    """A Celery worker as in production, warm."""
    name = f"bench{concurrency}-{time.monotonic_ns()}@localhost"
    queues = environment.pop("QUEUES", "programme")
    options = ["--concurrency", str(concurrency), "--queues", queues]
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--hostname", name]
    child = there.start(
        "worker", "celery", "-A", "config", "worker", *options, *alone, **environment
    )
    try:
        child.wait_until(lambda: bool(app.control.ping([name], timeout=0.5)), seconds=READY_SECONDS)
        yield child
    finally:
        child.stop(patience=30)
        Redis.from_url(there.environment["REDIS_URL"]).flushall()


def rate(mails: int, *, concurrency: int) -> float:
    """All that is queued goes out; mails per second by the database's clock."""
    started = due.now()
    for _process in range(concurrency):
        tasks.ring(tasks.send_programme)
    deadline = time.monotonic() + AT_MOST_SECONDS
    while Message.objects.exclude(state="accepted").exists():
        if time.monotonic() > deadline:
            raise TimeoutError("the mails did not go out")
        time.sleep(0.05)
    ended = Message.objects.aggregate(last=Max("closed_at"))["last"]
    return mails / (ended - started).total_seconds()


def rates(there: Stand, mails: int, *, concurrency: int, rounds: int) -> list[float]:
    found = []
    with worker(there, concurrency=concurrency):
        for number in range(rounds + 1):
            people.again()
            measured = rate(mails, concurrency=concurrency)
            if number:  # the first one warms up
                found.append(measured)
    return found
