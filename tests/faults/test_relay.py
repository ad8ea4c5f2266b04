"""A relay that loses its answer, thinks long, goes away or refuses us.

F3, F4, F15, F16, F24, F35.
"""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from nurture.domain.states import MessageKind, MessageState, Reason
from nurture.models import Message, StepVersion, Suppression
from tests.cast import ANNA
from tests.factories import published_sequence
from tests.faults import promises
from tests.faults.lab import Installation, wait_for
from tests.faults.people import crowd
from tests.nurture.steps import asks
from tests.smtp import Phase, Relay, closed_port


def waiting_is_over() -> None:
    """All that was put off may be tried again."""
    Message.objects.filter(state=MessageState.DEFERRED).update(
        next_attempt_at=F("next_attempt_at") - timedelta(days=1)
    )


def test_f3_an_accepted_mail_whose_answer_is_lost_is_never_sent_again(
    installation: Installation, relay: Relay
) -> None:
    crowd(12)
    relay.hang_up(Phase.DOT, times=4, skip=2)

    installation.sender()

    tally = promises.hold(relay)
    assert (tally.accepted, tally.unknown, tally.unknown_but_accepted) == (12, 4, 4)
    assert set(relay.accepted.values()) == {1}


def test_f4_a_slow_answer_is_waited_for(installation: Installation, relay: Relay) -> None:
    crowd(3)
    relay.stall(Phase.DOT, seconds=3, times=3)

    installation.sender(FAULTS_LEASE_SECONDS="30")

    tally = promises.hold(relay)
    assert tally.by_state == {MessageState.ACCEPTED: 3}


def test_f15_an_outage_spends_no_attempts_and_knocks_seldom(
    installation: Installation, relay: Relay
) -> None:
    crowd(40)
    with closed_port() as port:
        installation.smtp_port = port
        away = installation.sender(FAULTS_PAUSE_SECONDS="0.5")
        wait_for(lambda: Message.objects.filter(reason=Reason.RELAY_AWAY).exists())
        time.sleep(2)
        knocks = Message.objects.filter(reason=Reason.RELAY_AWAY).count()
        away.stop()

    waiting_is_over()
    attempts = set(Message.objects.values_list("attempts", flat=True))
    installation.smtp_port = relay.port
    installation.sender()

    tally = promises.hold(relay)
    assert attempts == {0}
    assert knocks <= 40
    assert tally.by_state == {MessageState.ACCEPTED: 40}


def test_f16_a_slow_relay_holds_no_transaction_open_and_delays_no_confirmation(
    installation: Installation, relay: Relay
) -> None:
    sequence = crowd(16)
    relay.stall(Phase.RCPT, seconds=2, times=8)
    installation.sender(FAULTS_LEASE_SECONDS="30")
    wait_for(lambda: relay.connections >= 8)
    other = installation.worker(concurrency=1)
    installation.beat(FAULTS_BEAT_SECONDS="0.5")

    asks(ANNA, sequence)
    longest = 0.0
    confirmation = Message.objects.filter(kind=MessageKind.CONFIRMATION)
    while confirmation.get().state != MessageState.ACCEPTED:
        longest = max(longest, idle_in_transaction())
        time.sleep(0.05)

    promises.hold(relay)
    assert other.is_alive()
    assert longest < 1


def idle_in_transaction() -> float:
    """For how many seconds somebody has been keeping a transaction open without doing anything."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(max(extract(epoch FROM now() - state_change)), 0) FROM"
            " pg_stat_activity WHERE state = 'idle in transaction' AND pid <> pg_backend_pid()"
        )
        return float(cursor.fetchone()[0])


@pytest.mark.parametrize("poison", ["twenty megabytes", "a header that breaks out"])
def test_f24_one_poisoned_row_stops_nobody_else(
    installation: Installation, relay: Relay, poison: str
) -> None:
    crowd(5)
    poisoned = crowd(1, published_sequence(steps=1, title="Another"))
    if poison == "twenty megabytes":
        StepVersion.objects.filter(step__sequence=poisoned).update(html="word " * 4_000_000)
    else:
        rows = Message.objects.filter(enrolment__sequence=poisoned)
        rows.update(message_id="<1@example.org>\r\nBcc: x@example.org")

    installation.sender()

    tally = promises.hold(relay)
    assert tally.by_state == {MessageState.ACCEPTED: 5, MessageState.FAILED: 1}
    assert Message.objects.get(state=MessageState.FAILED).reason == Reason.CANNOT_COMPOSE


@pytest.mark.parametrize(
    ("phase", "code"),
    [(Phase.GREETING, 421), (Phase.MAIL, 421), (Phase.RCPT, 451), (Phase.MAIL, 550)],
)
def test_f35_a_relay_that_refuses_us_marks_no_recipient(
    installation: Installation, relay: Relay, phase: Phase, code: int
) -> None:
    crowd(10)
    relay.refuse(phase, code, times=6)
    installation.sender()
    wait_for(lambda: Message.objects.filter(state=MessageState.DEFERRED).exists())

    deadline = time.monotonic() + 60
    while Message.objects.exclude(state=MessageState.ACCEPTED).exists():
        waiting_is_over()
        assert time.monotonic() < deadline
        time.sleep(0.2)

    promises.hold(relay)
    assert not Suppression.objects.exists()
