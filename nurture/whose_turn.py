"""Finding those whose time has come, among millions.

Each question walks an index in its order and stops after `limit` rows. That must not depend on what
the database happens to know about sequences: of a table with so few rows it rarely gathers
statistics, so it takes a sequence that is joined for rare, and reads and sorts all that is due to
find a thousand. So the sequence is asked about row by row, and the statements are planned without
their values.
"""

from datetime import datetime

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from nurture import statements
from nurture.domain.states import EnrolmentState
from nurture.models import Enrolment, Sequence

AT_THEIR_TIME = f"""
    SELECT enrolment.id FROM nurture_enrolment AS enrolment
    WHERE enrolment.state = '{EnrolmentState.ACTIVE.value}'
        AND enrolment.awaits_answer = {{awaits_answer}} AND enrolment.due_at <= %(now)s
        AND enrolment.plan_number = (
            SELECT sequence.plan_number FROM nurture_sequence AS sequence
            WHERE sequence.id = enrolment.sequence_id AND sequence.live)
    ORDER BY enrolment.due_at, enrolment.id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608
DUE = AT_THEIR_TIME.format(awaits_answer="false")
SILENT = AT_THEIR_TIME.format(awaits_answer="true")


def due(now: datetime, *, limit: int) -> list[int]:
    """Whose next mail is due by the live plan, oldest first. Locked; who is locked is left out."""
    return ask(DUE, now, limit)


def silent(now: datetime, *, limit: int) -> list[int]:
    """Whose next mail would be due, but whose last one is not answered. Locked, as above."""
    return ask(SILENT, now, limit)


def ask(statement: str, now: datetime, limit: int) -> list[int]:
    return [pk for (pk,) in statements.run(statement, {"now": now, "limit": limit}).fetchall()]


def overtaken(*, limit: int) -> list[Enrolment]:
    """Those who wait for a mail by another plan than the live one. Locked, with their people."""
    found: list[Enrolment] = []
    for sequence in overtaken_sequences():
        moves = Enrolment.objects.filter(sequence=sequence, state=EnrolmentState.ACTIVE)
        other = Q(plan_number__lt=sequence.plan_number) | Q(plan_number__gt=sequence.plan_number)
        rows = moves.filter(other, due_at__isnull=False).select_related("subscriber")
        locked = rows.select_for_update(of=("self",), no_key=True, skip_locked=True)
        found += locked[: limit - len(found)]
    return found


def overtaken_sequences() -> "QuerySet[Sequence]":
    """Of each sequence only the two ends of an index are looked at."""
    numbers = Enrolment.objects.filter(sequence=OuterRef("pk"), state=EnrolmentState.ACTIVE)
    ends = {
        "oldest": Subquery(numbers.order_by("plan_number").values("plan_number")[:1]),
        "newest": Subquery(numbers.order_by("-plan_number").values("plan_number")[:1]),
    }
    differs = Q(oldest__lt=F("plan_number")) | Q(newest__gt=F("plan_number"))
    return Sequence.objects.filter(live=True).annotate(**ends).filter(differs).order_by("pk")
