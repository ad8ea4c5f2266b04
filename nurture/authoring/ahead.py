"""What will go out in the next days, over all live sequences."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from nurture import forecast, plans
from nurture.domain.schedule import local_date
from nurture.domain.states import OPEN
from nurture.models import Enrolment, Message
from nurture.models.choices import values

DAYS = 30
MOST_PEOPLE = 2_000  # whose later mails are worked out; the next mail is counted for everybody


@dataclass(slots=True)
class Day:
    """`next` counts the mails that are planned, `likely` those that would follow them."""

    day: date
    next: Counter[str] = field(default_factory=Counter)
    likely: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> list[tuple[str, int, int]]:
        titles = sorted({*self.next, *self.likely})
        return [(title, self.next[title], self.likely[title]) for title in titles]


def calendar(now: datetime) -> list[Day]:
    """The next 30 days, each in the local dates of the people who get the mails."""
    today, end = now.date(), now + timedelta(days=DAYS)
    days = {today + timedelta(days=n): Day(today + timedelta(days=n)) for n in range(DAYS)}
    known = plans.Plans()
    for number, row in enumerate(people(end).iterator(chunk_size=500)):
        waiting = row.due_at is None  # for its mail, which is in the outbox
        moment = max(row.planned_for if waiting else row.due_at, now)
        note(days, "next", moment, row)
        if number < MOST_PEOPLE:
            step = row.last_step_id if waiting else row.next_step_id
            for later in following(known, row, step, moment, end):
                note(days, "likely", later, row)
    return list(days.values())


def people(end: datetime) -> "QuerySet[Any]":
    """Those who get a mail before then; `planned_for` is when the one that is open was to go."""
    of_it = Message.objects.filter(enrolment=OuterRef("pk"), turn=OuterRef("turn"))
    opened = of_it.filter(state__in=values(OPEN)).values("planned_for")[:1]
    rows = Enrolment.objects.on_air().annotate(planned_for=Subquery(opened))
    soon = Q(due_at__lt=end) | Q(due_at__isnull=True, planned_for__lt=end)
    return rows.filter(soon).select_related("subscriber", "sequence").order_by("due_at", "pk")


def note(days: dict[date, Day], kind: str, moment: datetime, row: Enrolment) -> None:
    # Where it is still yesterday, what is due now counts for the first day.
    day = days.get(max(local_date(moment, row.subscriber.zone), min(days)))
    if day is not None:
        getattr(day, kind)[row.sequence.title] += 1


def following(
    known: plans.Plans, row: Enrolment, step: int | None, moment: datetime, end: datetime
) -> Iterator[datetime]:
    """When the mails after that step would come that goes out then, if every answer led on."""
    coming = forecast.coming(
        known[row.sequence_id],
        row,
        last_step=step,
        previous=moment,
        not_before=moment,
        person=plans.person(row.subscriber),
    )
    for mail in coming:
        if mail.moment is None or mail.moment >= end:
            return
        yield mail.moment
