"""One full round in this process, without Celery or Redis: for cron, for tests, for a bad day."""

import sys
from dataclasses import dataclass
from datetime import datetime

from nurture import due, sending
from nurture.domain.states import TRANSACTIONAL
from nurture.sweep import sweep


@dataclass(frozen=True, slots=True)
class Round:
    planned: int
    transactional: int
    programme: int


def tick(now: datetime) -> Round:
    """Repair, plan what is due at `now` (programme time, aware), and send what may go."""
    sweep()
    transactional = sending.send_claimed(TRANSACTIONAL)
    planned = 0
    while count := due.claim(now):
        planned += count
    # One call, since it knows when the relay is away and there is no use in asking on.
    programme = sending.send_claimed(sending.PROGRAMME, limit=sys.maxsize)
    return Round(planned, transactional, programme)
