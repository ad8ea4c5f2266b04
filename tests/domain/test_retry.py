"""What an answer of the relay means: the table, line by line."""

from datetime import timedelta
from itertools import pairwise

import pytest

from nurture.domain import retry
from nurture.domain.retry import Answer
from nurture.domain.states import MessageState, Reason

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (Answer.ACCEPTED, MessageState.ACCEPTED, Reason.ACCEPTED_BY_RELAY),
        (Answer.LOST, MessageState.UNKNOWN, Reason.ANSWER_LOST),
        (Answer.BAD_RECIPIENT, MessageState.FAILED, Reason.RECIPIENT_REFUSED),
        (Answer.BAD_MESSAGE, MessageState.FAILED, Reason.MESSAGE_REFUSED),
    ],
)
def test_these_answers_close_a_message_for_good(
    answer: Answer, state: MessageState, reason: Reason
) -> None:
    verdict = retry.decide(answer, attempts=1)

    assert (verdict.state, verdict.reason, verdict.delay) == (state, reason, None)
    assert verdict.counts


@pytest.mark.parametrize("attempts", [1, retry.MAXIMUM_ATTEMPTS, 1_000])
@pytest.mark.parametrize(
    ("answer", "reason"),
    [(Answer.AWAY, Reason.RELAY_AWAY), (Answer.NOT_US, Reason.RELAY_REFUSES_US)],
)
def test_an_outage_is_waited_for_however_long_it_takes(
    answer: Answer, reason: Reason, attempts: int
) -> None:
    verdict = retry.decide(answer, attempts=attempts)

    assert (verdict.state, verdict.reason) == (MessageState.DEFERRED, reason)
    assert verdict.delay == 2 * MINUTE
    assert not verdict.counts


@pytest.mark.parametrize(
    ("attempts", "delay"),
    [
        (0, MINUTE),
        (1, MINUTE),
        (2, 2 * MINUTE),
        (5, 16 * MINUTE),
        (8, 128 * MINUTE),
        (9, 240 * MINUTE),
        (11, 240 * MINUTE),
    ],
)
def test_a_message_that_is_refused_for_now_waits_twice_as_long_each_time(
    attempts: int, delay: timedelta
) -> None:
    verdict = retry.decide(Answer.LATER, attempts=attempts)

    assert (verdict.state, verdict.reason) == (MessageState.DEFERRED, Reason.REFUSED_FOR_NOW)
    assert verdict.delay == delay
    assert verdict.counts


def test_the_last_attempt_that_is_refused_for_now_is_the_end() -> None:
    verdict = retry.decide(Answer.LATER, attempts=retry.MAXIMUM_ATTEMPTS)

    assert (verdict.state, verdict.reason) == (MessageState.FAILED, Reason.ATTEMPTS_USED_UP)
    assert verdict.delay is None


def test_delays_never_shrink() -> None:
    delays = [retry.delay_after(attempts) for attempts in range(40)]

    assert all(earlier <= later for earlier, later in pairwise(delays))


@pytest.mark.parametrize("answer", sorted(Answer))
def test_only_a_deferred_message_has_a_next_attempt(answer: Answer) -> None:
    verdict = retry.decide(answer, attempts=1)

    assert (verdict.delay is not None) == (verdict.state == MessageState.DEFERRED)
