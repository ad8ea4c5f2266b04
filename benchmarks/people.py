"""Rows to work on: people, programmes, and mails of 20 kB with eight personal fields."""

import time
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from benchmarks.mails import HTML, TEXT
from nurture import due
from nurture.models import Message, Sequence, StepVersion
from tests.factories import published_sequence
from tests.faults.people import crowd


def programme() -> Sequence:
    sequence = published_sequence(steps=2)
    StepVersion.objects.update(text=TEXT, html=HTML)
    return sequence


def queue(mails: int, sequence: Sequence) -> None:
    """So many mails in the outbox, the first of their programmes."""
    crowd(mails, sequence, planned=False)
    while due.claim(timezone.now(), limit=5_000):
        pass
    settle()


def again() -> None:
    """The same mails wait once more, as if nothing had been sent."""
    Message.objects.update(
        state="queued",
        reason="",
        attempts=0,
        lease_token=None,
        lease_until=None,
        submitted_at=None,
        closed_at=None,
        next_attempt_at=timezone.now() - timedelta(minutes=1),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE nurture_enrolment SET state = 'active', due_at = NULL, ended_at = NULL"
        )
    settle()


def settle() -> None:
    """What follows is measured without the dust of what came before."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE nurture_message")
        cursor.execute("VACUUM ANALYZE nurture_enrolment")
        cursor.execute("CHECKPOINT")
        for _second in range(60):
            cursor.execute("SELECT FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'")
            if not cursor.rowcount:
                break
            time.sleep(1)


def waiting() -> bool:
    return Message.objects.filter(state__in=["queued", "claimed", "submitting"]).exists()
