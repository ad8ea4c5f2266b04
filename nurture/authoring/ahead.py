"""What will go out in the next days, over all live sequences."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from nurture import plans
from nurture.domain import schedule
from nurture.domain.schedule import NeverOpens, local_date
from nurture.models import Enrolment

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
    today = now.date()
    days = {today + timedelta(days=n): Day(today + timedelta(days=n)) for n in range(DAYS)}
    rows = Enrolment.objects.on_air().filter(due_at__lt=now + timedelta(days=DAYS))
    rows = rows.select_related("subscriber", "sequence").order_by("due_at", "pk")
    known = plans.Plans()
    for number, row in enumerate(rows.iterator(chunk_size=500)):
        due_at = max(row.due_at or now, now)
        note(days, "next", due_at, row)
        if number < MOST_PEOPLE:
            for moment in following(known, row, due_at):
                note(days, "likely", moment, row)
    return list(days.values())


def note(days: dict[date, Day], kind: str, moment: datetime, row: Enrolment) -> None:
    # Where it is still yesterday, what is due now counts for the first day.
    day = days.get(max(local_date(moment, row.subscriber.zone), min(days)))
    if day is not None:
        getattr(day, kind)[row.sequence.title] += 1


def following(known: plans.Plans, row: Enrolment, due_at: datetime) -> list[datetime]:
    """When the mails after the next one would come, if every answer led on."""
    plan = known[row.sequence_id]
    if row.next_step_id not in plan.steps:
        return []
    at = plan.steps.index(row.next_step_id)
    try:
        planned = schedule.timeline(
            [(step, plan.waits[step]) for step in plan.steps[at + 1 :]],
            anchors=plans.anchors(row, previous=due_at),
            calendar=plan.calendar,
            person=plans.person(row.subscriber),
            not_before=due_at,
            before=plan.waits[row.next_step_id],
        )
    except NeverOpens:
        return []
    return [one.due.moment for one in planned if one.due is not None]
