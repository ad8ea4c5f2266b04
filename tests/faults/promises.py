"""What must hold after every fault, once it is quiet.

I1 nothing is accepted twice (what is sent again by rule: at most twice); I2 nothing is lost without
a word; I3 what a row calls accepted is accepted; I4 what was not accepted is not called so; I5
nothing stays in a dead process's hands.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Protocol

from django.db.models import Count, F

from nurture.domain.states import CLAIMABLE, LEASED, MessageState
from nurture.models import Enrolment, Message
from nurture.models.choices import values
from tests.faults.lab import PATIENCE_SECONDS, wait_for


class Taker(Protocol):
    """Whoever took mails: a relay, or several as one."""

    @property
    def accepted(self) -> Counter[str]: ...


@dataclass(frozen=True, slots=True)
class Tally:
    """How a run ended."""

    mails: int
    accepted: int
    doubled: int
    lost: int
    unknown: int
    unknown_but_accepted: int
    by_state: dict[str, int]

    @property
    def holds(self) -> bool:
        return not (self.doubled or self.lost)


def is_quiet() -> bool:
    """Nobody has anything left to do."""
    return not Message.objects.filter(state__in=values(CLAIMABLE | LEASED)).exists()


def quiet(*, seconds: float = PATIENCE_SECONDS) -> None:
    try:
        wait_for(is_quiet, seconds=seconds)
    except TimeoutError:
        states = Message.objects.values_list("state", "reason").annotate(Count("pk"))
        raise AssertionError(f"not quiet after {seconds:.0f} seconds: {list(states)}") from None


def count(relay: Taker) -> Tally:
    rows = list(Message.objects.values_list("message_id", "state", "reason", "resent"))
    accepted = relay.accepted
    ours = {row[0] for row in rows}
    doubled = sum(max(accepted[pk] - (2 if again else 1), 0) for pk, _s, _r, again in rows)
    lost = sum(is_lost(accepted[pk], state, reason) for pk, state, reason, _again in rows)
    unknown = [pk for pk, state, _reason, _again in rows if state == MessageState.UNKNOWN]
    return Tally(
        mails=len(rows),
        accepted=len(set(accepted) & ours),
        doubled=doubled + len(set(accepted) - ours),
        lost=lost,
        unknown=len(unknown),
        unknown_but_accepted=sum(bool(accepted[pk]) for pk in unknown),
        by_state=dict(Counter(state for _pk, state, _reason, _again in rows)),
    )


def is_lost(accepted: int, state: str, reason: str) -> bool:
    """A row that says what is not so, or a mail that went nowhere without a reason."""
    if state == MessageState.ACCEPTED:
        return not accepted
    if state == MessageState.UNKNOWN:
        return not reason
    return bool(accepted) or not reason


def hold(relay: Taker, *, seconds: float = PATIENCE_SECONDS) -> Tally:
    """Wait until it is quiet, then look at every row and every mail."""
    quiet(seconds=seconds)
    found = count(relay)
    assert found.doubled == 0, found
    assert found.lost == 0, found
    assert not Message.objects.filter(state__in=values(LEASED)).exists()
    planned = Enrolment.objects.annotate(mails=Count("messages"))
    assert not planned.exclude(mails=F("turn")).exists()
    return found
