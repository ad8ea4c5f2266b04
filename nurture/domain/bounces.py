"""What a bounce says, and when a bouncing address is given up: never after one bad day."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from nurture.domain.states import EventKind

WITHIN = timedelta(days=30)
DAYS_WITH_A_BOUNCE = 4


def is_dead(
    soft_bounces: Iterable[datetime], *, last_delivered: datetime | None, now: datetime
) -> bool:
    """Whether an address bounced softly on so many days of the last month, with nothing delivered
    since. Several bounces of one day are one: a full mailbox refuses everything at once.
    """
    since = max(now - WITHIN, last_delivered) if last_delivered else now - WITHIN
    days = {moment.date() for moment in soft_bounces if since < moment <= now}
    return len(days) >= DAYS_WITH_A_BOUNCE


# What a 5.x.x of RFC 3463 says about the day, the size or the sender, not about the address.
NOT_THE_ADDRESS = ("5.2.2", "5.2.3", "5.3.", "5.4.", "5.6.", "5.7.")


def kind_of_status(status: str) -> EventKind:
    """The event that a delivery status stands for; in doubt a soft one, which costs nobody mail."""
    if status.startswith("2."):
        return EventKind.DELIVERED
    if status.startswith("5.") and not status.startswith(NOT_THE_ADDRESS):
        return EventKind.HARD_BOUNCE
    return EventKind.SOFT_BOUNCE
