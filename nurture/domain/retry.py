"""What an answer of the relay means for a message: closed, again later, or in doubt."""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from nurture.domain.states import OPEN, WENT_OUT, MessageState, Reason

MAXIMUM_ATTEMPTS = 12
FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(hours=4)
OUTAGE_DELAY = timedelta(minutes=2)


class Answer(StrEnum):
    """What became of one conversation with the relay."""

    ACCEPTED = "accepted"
    LATER = "later"  # the relay said so, for this message
    AWAY = "away"  # no connection, or it broke before the message was handed over
    NOT_US = "not_us"  # the relay refuses the sender or the log-in, whoever the recipient is
    BAD_RECIPIENT = "bad_recipient"
    BAD_MESSAGE = "bad_message"
    NO_WAY_TO_WRITE_IT = "no_way_to_write_it"  # an address for which the relay would need SMTPUTF8
    TOO_LARGE = "too_large"  # for this relay
    LOST = "lost"  # handed over, but the answer never came


@dataclass(frozen=True, slots=True)
class Verdict:
    state: MessageState
    reason: Reason
    delay: timedelta | None = None
    counts: bool = True  # whether this attempt is one of the allowed ones


FINAL = {
    Answer.ACCEPTED: Verdict(MessageState.ACCEPTED, Reason.ACCEPTED_BY_RELAY),
    Answer.BAD_RECIPIENT: Verdict(MessageState.FAILED, Reason.RECIPIENT_REFUSED),
    Answer.BAD_MESSAGE: Verdict(MessageState.FAILED, Reason.MESSAGE_REFUSED),
    Answer.NO_WAY_TO_WRITE_IT: Verdict(MessageState.FAILED, Reason.ADDRESS_BEYOND_RELAY),
    Answer.TOO_LARGE: Verdict(MessageState.FAILED, Reason.TOO_LARGE),
    Answer.LOST: Verdict(MessageState.UNKNOWN, Reason.ANSWER_LOST),
}

# An outage is nobody's fault: it uses up no attempts, or an hour without a relay would fail all.
OUTAGES = {
    Answer.AWAY: Verdict(MessageState.DEFERRED, Reason.RELAY_AWAY, OUTAGE_DELAY, counts=False),
    Answer.NOT_US: Verdict(
        MessageState.DEFERRED, Reason.RELAY_REFUSES_US, OUTAGE_DELAY, counts=False
    ),
}


def outage(answer: Answer, *, at_once: bool = False) -> Verdict:
    """The verdict on a message that met an outage; `at_once` if there is another way out."""
    verdict = OUTAGES[answer]
    return replace(verdict, delay=timedelta(0)) if at_once else verdict


def while_in_doubt(verdict: Verdict) -> Verdict:
    """For a mail that may be out: what would end it without a mail leaves the doubt as it was."""
    if verdict.state in OPEN - {MessageState.HELD} or verdict.state in WENT_OUT:
        return verdict
    return FINAL[Answer.LOST]


def decide(answer: Answer, *, attempts: int, repeats: bool = False) -> Verdict:
    """The verdict after `attempts` conversations that counted, this one included.

    `repeats`: this provider drops a second copy, so a lost answer is asked for again.
    """
    if answer is Answer.LOST and repeats and attempts < MAXIMUM_ATTEMPTS:
        return Verdict(MessageState.DEFERRED, Reason.ANSWER_LOST, delay_after(attempts))
    if answer in FINAL:
        return FINAL[answer]
    if answer in OUTAGES:
        return OUTAGES[answer]
    if attempts >= MAXIMUM_ATTEMPTS:
        return Verdict(MessageState.FAILED, Reason.ATTEMPTS_USED_UP)
    return Verdict(MessageState.DEFERRED, Reason.REFUSED_FOR_NOW, delay_after(attempts))


def delay_after(attempts: int) -> timedelta:
    """Doubles from a minute up to four hours."""
    doublings = max(attempts - 1, 0)
    return min(FIRST_DELAY * (1 << doublings), LONGEST_DELAY)
