"""How often an address may be asked to confirm: a stranger must not be bombarded through us."""

from collections.abc import Iterable
from datetime import datetime, timedelta

DAY = timedelta(days=1)
REQUESTS_A_DAY = 3
REQUESTS_WITHOUT_ANSWER = 6
# To one mailbox, under however many spellings of its address.
REQUESTS_A_DAY_ALIKE = 6
LINK_LIFETIME = timedelta(days=7)


def may_ask(previous: Iterable[datetime], *, now: datetime) -> bool:
    """Whether one more confirmation mail may go out.

    `previous` is the times of those sent since the address last confirmed anything.
    """
    times = list(previous)
    recent = [time for time in times if now - time < DAY]
    return len(recent) < REQUESTS_A_DAY and len(times) < REQUESTS_WITHOUT_ANSWER
