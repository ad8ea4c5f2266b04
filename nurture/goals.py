"""What happens to people underway when something happened to them: goals are noted, and programmes
end early where the editor said so. Runs inside the caller's transaction, but for `settle`.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from nurture import enrolment
from nurture.domain import exits
from nurture.domain.exits import Happened
from nurture.domain.states import RUNNING, EnrolmentState, Reason
from nurture.models import Enrolment, Sequence, Subscriber
from nurture.models.choices import values

COUNTS_FOR = RUNNING | {EnrolmentState.FINISHED}


def happened(subscriber: Subscriber, event: Happened, *, now: datetime) -> int:
    """Note the goals that this reaches, and end what it ends; how many programmes ended.

    A goal that is reached after the last mail counts, too.
    """
    rows = subscriber.enrolments.filter(state__in=values(COUNTS_FOR)).select_related("sequence")
    return sum(concern(row, event, now=now) for row in rows.order_by("pk"))


def changed_diagnosis(row: Enrolment, to: Sequence, *, now: datetime) -> None:
    """The person went from one programme to another: those about the old diagnosis may end by it.

    A programme about the same diagnosis in other words or another length is no change.
    """
    old = row.sequence.diagnosis.translation_key
    if to.diagnosis.translation_key == old:
        return
    same = row.subscriber.enrolments.filter(
        state__in=values(RUNNING), sequence__diagnosis__translation_key=old
    )
    for other in same.select_related("sequence").order_by("pk"):
        concern(other, Happened.CHANGED_DIAGNOSIS, now=now)


def concern(row: Enrolment, event: Happened, *, now: datetime) -> bool:
    """One programme; whether it ended."""
    effect = exits.effect(event, exit_on=row.sequence.exit_on, goal=row.sequence.goal_event)
    if effect.reached:
        reached = Enrolment.objects.filter(pk=row.pk, goal_reached_at__isnull=True)
        reached.update(goal_reached_at=now)
    if effect.ends is None or row.state not in RUNNING:
        return False
    enrolment.stop(Enrolment.objects.filter(pk=row.pk), reason=effect.ends)
    return True


def settle(*, limit: int) -> int:
    """End those that end when their person has finished another programme; how many were finished.

    Looked up before each planning and not when a programme finishes: that happens while its rows
    are locked, and others of the same person would be locked out of order. So what was looked at is
    marked in a transaction of its own. Whoever dies before that looks once more.
    """
    finished = Enrolment.objects.filter(state=EnrolmentState.FINISHED, finish_settled=False)
    ids = list(finished.order_by("-ended_at").values_list("pk", flat=True)[:limit])
    if not ids:
        return 0
    others = Enrolment.objects.filter(
        pk__in=ids, subscriber=OuterRef("subscriber"), ended_at__gte=OuterRef("started_at")
    ).exclude(sequence=OuterRef("sequence"))
    # Says no more than the line below; but it is by these few people that the others are found.
    people = Enrolment.objects.filter(pk__in=ids).values("subscriber")
    leaving = Enrolment.objects.filter(
        subscriber__in=people,
        state__in=values(RUNNING),
        sequence__exit_on__contains=[Happened.FINISHED_ANOTHER.value],
    ).filter(Exists(others))
    with transaction.atomic():
        enrolment.stop(leaving, reason=Reason.FINISHED_ANOTHER)
    with transaction.atomic():
        enrolment.lock(Enrolment.objects.filter(pk__in=ids))
        finished.filter(pk__in=ids).update(finish_settled=True)
    return len(ids)
