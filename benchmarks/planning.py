"""How fast due enrolments are planned, and what claiming costs as the table grows."""

import time
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from benchmarks import people
from config.celery import leave_alone_what_stays
from nurture import due
from nurture.models import Enrolment, Message, Sequence
from tests.faults.people import crowd

DUE = 1_000


def planned_per_second(sequence: Sequence, enrolments: int) -> float:
    """Due enrolments that get their message, until none is due."""
    crowd(enrolments, sequence, planned=False)
    people.settle()
    leave_alone_what_stays()  # as in a worker
    now = timezone.now() + timedelta(minutes=1)
    started = time.monotonic()
    planned = 0
    while count := due.claim(now):
        planned += count
    return planned / (time.monotonic() - started)


FILL = """
    INSERT INTO nurture_enrolment (public_id, subscriber_id, sequence_id, state, reason, turn,
        plan_number, awaits_answer, rewinds, started_at, due_at, next_step_id)
    SELECT gen_random_uuid(), %s, %s, 'active', '', 0, %s, false, '[]', now(),
        now() + interval '1 day' * (1 + number %% 300), %s
    FROM generate_series(1, %s) AS number
"""


def grow(sequence: Sequence, *, to: int) -> None:
    """More enrolments that are due some other day. They all belong to one person: for this only."""
    step = sequence.compiled_steps.first()
    row = Enrolment.objects.filter(sequence=sequence).latest("pk")
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS enrolled_once_at_a_time")
        missing = to - Enrolment.objects.count()
        cursor.execute(
            FILL, [row.subscriber_id, sequence.pk, sequence.plan_number, step and step.pk, missing]
        )
    people.settle()


def claim_seconds(sequence: Sequence, rounds: int) -> list[float]:
    """What it costs to find and lock exactly a thousand due rows; nothing is written."""
    ids = list(Enrolment.objects.order_by("-pk").values_list("pk", flat=True)[:DUE])
    Enrolment.objects.filter(pk__in=ids).update(due_at=timezone.now() - timedelta(hours=1))
    Message.objects.filter(enrolment__in=ids).delete()
    people.settle()
    found = []
    for _round in range(rounds + 1):
        with transaction.atomic():
            started = time.monotonic()
            rows = list(due.claimable(timezone.now(), limit=DUE))
            found.append(time.monotonic() - started)
            assert len(rows) == DUE
            transaction.set_rollback(True)
    Enrolment.objects.filter(pk__in=ids).update(due_at=timezone.now() + timedelta(days=9))
    return found[1:]


def idle_seconds(rounds: int) -> list[float]:
    """What a whole look costs when nothing is due."""
    found = []
    for _round in range(rounds + 1):
        started = time.monotonic()
        assert due.plan(timezone.now()) == 0
        found.append(time.monotonic() - started)
    return found[1:]
