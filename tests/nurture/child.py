"""What a process does that a test kills. Started by `manage.py shell`, with the database of the
test and its relay in the environment. Nothing of the product knows that it is watched.
"""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection, connections
from django.db.models import F
from django.utils import timezone

from nurture import enrolment, sending
from nurture.models import Message, Sequence
from nurture.tick import tick
from tests.factories import SubscriberFactory

PEOPLE = 3


def send() -> None:
    sending.send_claimed(sending.PROGRAMME)


def crash_everywhere() -> None:
    """One round for each statement, killed in front of it. Prints how many there were."""
    statement = 1
    while crashes_at(statement):
        recover()
        statement += 1
    print(statement - 1)


def crashes_at(statement: int) -> bool:
    """Whether a round of three people, in a process of its own, came as far as this statement."""
    start_programmes()
    # A connection is not shared with a child.
    connections.close_all()
    child = os.fork()
    if not child:
        with connection.execute_wrapper(killer(statement)):
            one_round()
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False


def killer(statement: int) -> Callable[..., Any]:
    """Kills its own process in front of the n-th statement."""
    seen = 0

    def execute(run: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == statement:
            os.kill(os.getpid(), signal.SIGKILL)
        return run(*arguments)

    return execute


def start_programmes() -> None:
    sequence = Sequence.objects.get()
    name = os.urandom(6).hex()
    for number in range(PEOPLE):
        person = SubscriberFactory.create(address=f"{name}{number}@example.org", consent="given")
        enrolment.enrol(person, sequence, now=timezone.now())


def recover() -> None:
    """Leases end, and the next round finds what is left."""
    lapsed = Message.objects.filter(lease_until__isnull=False)
    lapsed.update(lease_until=F("lease_until") - timedelta(hours=1))
    one_round()


def one_round() -> None:
    tick(timezone.now())
