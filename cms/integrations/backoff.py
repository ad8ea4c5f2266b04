"""When to try a webhook again. Plain Python."""

from collections.abc import Callable
from datetime import timedelta

# What is waited after the first attempt, the second, and so on: a day in all.
WAITS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=8),
    timedelta(hours=8),
)
LONGEST_WISH = timedelta(hours=8)
SPREAD = 0.1  # so that what failed together is not tried again together


def wait(attempts: int, *, wish: timedelta | None, chance: Callable[[], float]) -> timedelta | None:
    """How long to wait after so many attempts; None if that was the last.

    A receiver's `Retry-After` may lengthen a wait, never shorten it. `chance` gives 0 to 1.
    """
    if attempts > len(WAITS):
        return None
    planned = WAITS[attempts - 1] * (1 + SPREAD * chance())
    return max(planned, min(wish, LONGEST_WISH)) if wish else planned
