"""Redis away, frozen, wiped, full or poisoned: it only ever rang a bell (F7 to F12, F17, F25)."""

import signal
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from redis import Redis

from config.local.children import Child
from nurture.domain.states import MessageState
from nurture.models import Enrolment
from tests.cast import ANNA
from tests.faults import promises
from tests.faults.lab import Installation, Lab, wait_for
from tests.faults.people import crowd
from tests.faults.proxy import Proxy
from tests.nurture.steps import asks
from tests.smtp import Relay, closed_port

QUICK_SECONDS = 3.0


@pytest.fixture
def broker(lab: Lab) -> Iterator[Redis]:
    with Redis.from_url(lab.redis.url) as client:
        client.flushall()
        yield client


def rings_within(seconds: float, installation: Installation) -> bool:
    """Whether ringing from a web process costs no more, and later commit hooks still run."""
    said = installation.lab.run("-m", "tests.faults.ring", environment=installation.environment)
    took, _space, ran = said.strip().partition(" ")
    return ran == "['later hook']" and float(took) < seconds


def supervise(installation: Installation, worker: Child, beat: Child) -> None:
    """As docker does, until it is quiet: what ended by itself is started again."""

    def quiet_or_started_again() -> bool:
        nonlocal worker, beat
        if not worker.is_alive():
            worker = installation.worker(concurrency=1)
        if not beat.is_alive():
            beat = installation.beat()
        return promises.is_quiet()

    wait_for(quiet_or_started_again)


def test_f7_a_signup_without_redis_is_mailed_by_the_next_round(
    installation: Installation, relay: Relay
) -> None:
    sequence = crowd(0)
    with closed_port() as port:
        installation.redis_url = f"redis://127.0.0.1:{port}/0"
        asks(ANNA, sequence)
        quick = rings_within(QUICK_SECONDS, installation)

        said = installation.manage("tick")

    assert quick
    assert "transactional 1" in said
    assert len(relay.mails) == 1


def test_f8_a_frozen_redis_costs_a_visitor_a_moment(
    installation: Installation, lab: Lab, relay: Relay
) -> None:
    lab.redis.server.process.send_signal(signal.SIGSTOP)
    try:
        quick = rings_within(QUICK_SECONDS, installation)
    finally:
        lab.redis.server.process.send_signal(signal.SIGCONT)

    assert quick


def test_f9_a_wiped_broker_loses_nothing(
    installation: Installation, lab: Lab, broker: Redis, relay: Relay
) -> None:
    crowd(150)
    installation.worker()
    installation.beat()
    wait_for(lambda: len(relay.mails) > 20)

    broker.flushall()
    lab.kill_redis()
    lab.restart_redis()
    crowd(50)

    assert promises.hold(relay).by_state == {MessageState.ACCEPTED: 200}


def test_f10_a_bell_that_is_lost_between_redis_and_the_worker_costs_one_beat(
    installation: Installation, lab: Lab, broker: Redis, relay: Relay
) -> None:
    crowd(20)
    with Proxy(lab.redis.port) as proxy:
        installation.redis_url = f"redis://127.0.0.1:{proxy.port}/0"
        proxy.swallow_after(b"nurture.send_programme")
        worker = installation.worker(concurrency=1)
        installation.redis_url = lab.redis.url
        installation.beat()
        wait_for(lambda: proxy.swallowed)
        worker.process.kill()

    installation.worker(concurrency=1)

    assert promises.hold(relay).by_state == {MessageState.ACCEPTED: 20}


@pytest.mark.parametrize("fault", ["full", "read-only"])
def test_f11_a_redis_that_takes_nothing_loses_nothing(
    installation: Installation, broker: Redis, relay: Relay, fault: str
) -> None:
    crowd(20)
    worker = installation.worker(concurrency=1)
    beat = installation.beat()
    wait_for(lambda: relay.mails)
    if fault == "full":
        broker.config_set("maxmemory", 1)
    else:
        broker.replicaof("127.0.0.1", 1)
    crowd(20)
    time.sleep(2)
    broker.config_set("maxmemory", 0)
    broker.replicaof("NO", "ONE")
    supervise(installation, worker, beat)

    assert promises.hold(relay).by_state == {MessageState.ACCEPTED: 40}


def test_f12_the_whole_path_works_without_any_redis(
    installation: Installation, relay: Relay
) -> None:
    crowd(30, planned=False)
    with closed_port() as port:
        installation.redis_url = f"redis://127.0.0.1:{port}/0"

        installation.manage("tick")

    assert promises.hold(relay).by_state == {MessageState.ACCEPTED: 30}


def test_f17_two_beats_and_several_workers_plan_and_send_once(
    installation: Installation, broker: Redis, relay: Relay
) -> None:
    crowd(120, planned=False)
    for _number in range(2):
        installation.worker()
        installation.beat(FAULTS_BEAT_SECONDS="0.2")
    wait_for(lambda: len(relay.mails) == 120)

    tally = promises.hold(relay)
    assert tally.mails == Enrolment.objects.count() == 120


def test_f25_poison_in_the_queue_stops_no_mail(
    installation: Installation, broker: Redis, relay: Relay
) -> None:
    crowd(10)
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    broker.lpush(f"{prefix}programme", "not json")

    supervise(installation, installation.worker(concurrency=1), installation.beat())

    assert promises.hold(relay).by_state == {MessageState.ACCEPTED: 10}
