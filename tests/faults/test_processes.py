"""Workers that are killed, frozen, stopped or starved of memory (F1, F2, F5, F6, F21, F22)."""

import os
import random
import signal
import time
from datetime import timedelta

import psutil
import pytest
from django.conf import settings
from django.db.models import F

from nurture.domain.states import MessageState
from nurture.models import Message
from tests.faults import promises
from tests.faults.lab import Installation, pool, signalled, wait_for
from tests.faults.people import crowd
from tests.smtp import Phase, Relay

SEED = int(os.environ.get("FAULTS_SEED", "1"))


def leases_end() -> None:
    """As after a long wait."""
    Message.objects.filter(lease_until__isnull=False).update(
        lease_until=F("lease_until") - timedelta(hours=1)
    )


def test_f1_a_crash_in_front_of_any_statement_or_smtp_command(
    installation: Installation, relay: Relay
) -> None:
    crowd(2)
    counting = installation.sender(CRASH_AT="0", ROUNDS="1")
    counting.process.wait()
    points = int(counting.log.read_text().splitlines()[-1])

    for point in range(2, points, max(points // 12, 1)):
        crowd(2)
        installation.sender(CRASH_AT=str(point), ROUNDS="1").process.wait()
    leases_end()
    installation.sender()

    tally = promises.hold(relay)
    assert points > 30
    assert tally.mails > 20


def test_f2_workers_are_killed_at_random(installation: Installation, relay: Relay) -> None:
    chance = random.Random(SEED)
    crowd(200)
    relay.stall(Phase.DATA, seconds=0.02, times=200)
    workers = [installation.worker(), installation.worker()]
    beat = installation.beat(FAULTS_BEAT_SECONDS="0.3")

    kills = 0
    deadline = time.monotonic() + 40
    while not promises.is_quiet() and kills < 12 and time.monotonic() < deadline:
        time.sleep(chance.uniform(0.1, 0.35))
        if chance.random() < 0.1:
            number = chance.randrange(len(workers))
            signalled(workers[number], signal.SIGKILL)
            workers[number].process.wait()
            workers[number] = installation.worker()
            kills += 1
        elif victims := [child for worker in workers for child in pool(worker)]:
            victim = chance.choice(victims)
            kills += 1
            try:
                victim.kill()
            except psutil.NoSuchProcess:
                kills -= 1

    tally = promises.hold(relay)
    assert beat.is_alive()
    assert kills > 3
    # At most one mail for each connection of a killed process.
    assert tally.unknown <= settings.SMTP_CONNECTIONS * kills


def test_f5_a_worker_that_sleeps_over_its_lease_sends_nothing(
    installation: Installation, relay: Relay
) -> None:
    crowd(1)
    sleeper = installation.sender()
    asleep: list[None] = []

    def freeze() -> None:
        signalled(sleeper, signal.SIGSTOP)
        asleep.append(None)

    relay.before(Phase.RCPT, freeze)
    wait_for(lambda: asleep)

    leases_end()
    second = installation.sender()
    wait_for(lambda: relay.mails)
    signalled(sleeper, signal.SIGCONT)
    wait_for(lambda: len(relay.unfinished) or sleeper.is_alive())
    time.sleep(0.5)

    tally = promises.hold(relay)
    assert second.is_alive()
    assert (tally.accepted, tally.unknown) == (1, 0)


def test_f6_a_worker_that_sleeps_behind_the_fence_leaves_a_doubt(
    installation: Installation, relay: Relay
) -> None:
    crowd(1)
    sleeper = installation.sender()

    relay.before(Phase.DOT, lambda: signalled(sleeper, signal.SIGSTOP))
    wait_for(lambda: Message.objects.filter(state=MessageState.SUBMITTING).exists())
    wait_for(lambda: relay.mails)
    leases_end()
    installation.sender()
    promises.quiet()
    signalled(sleeper, signal.SIGCONT)
    wait_for(lambda: "no longer ours" in installation.logs())

    tally = promises.hold(relay)
    assert (tally.unknown, tally.unknown_but_accepted) == (1, 1)


def test_f21_a_pool_process_that_the_system_kills_is_replaced(
    installation: Installation, relay: Relay
) -> None:
    crowd(60)
    relay.stall(Phase.DATA, seconds=0.02, times=60)
    worker = installation.worker(concurrency=1)
    installation.beat(FAULTS_BEAT_SECONDS="0.3")
    wait_for(lambda: len(relay.mails) > 5)

    pool(worker)[0].kill()

    tally = promises.hold(relay)
    assert worker.is_alive()
    assert tally.unknown <= settings.SMTP_CONNECTIONS


@pytest.mark.parametrize("phase", [Phase.MAIL, Phase.DATA, Phase.DOT])
def test_f22_a_deploy_stops_a_worker_within_its_time(
    installation: Installation, relay: Relay, phase: Phase
) -> None:
    crowd(30)
    relay.stall(phase, seconds=1, times=8)
    old = installation.worker(concurrency=1)
    installation.beat(FAULTS_BEAT_SECONDS="0.3")
    wait_for(lambda: Message.objects.filter(state=MessageState.CLAIMED).exists() or relay.mails)
    started = time.monotonic()

    old.process.terminate()
    old.process.wait(60)
    took = time.monotonic() - started
    installation.worker(concurrency=1)

    tally = promises.hold(relay)
    assert took < 45
    assert tally.unknown == 0  # what was under way has ended by itself
