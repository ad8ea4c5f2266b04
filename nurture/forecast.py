"""What is still to come for one person, if each week feels right: the scheduler's own dates."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from nurture import plans
from nurture.domain import schedule
from nurture.domain.schedule import NeverOpens, Person, Why
from nurture.models import Enrolment
from nurture.plans import Plan


@dataclass(frozen=True, slots=True)
class Coming:
    """A mail that is still to come, and why then; without a moment, the reason says what lacks."""

    step: int
    moment: datetime | None
    reasons: tuple[Why, ...] = ()

    @property
    def made_room(self) -> bool:
        """Whether it comes later, because so many mails at once would be too much."""
        return Why.CAP in self.reasons


def coming(
    plan: Plan,
    row: Enrolment,
    *,
    last_step: int | None,
    previous: datetime | None,
    not_before: datetime,
    person: Person,
    timed_by: int | None = None,
) -> Iterator[Coming]:
    """The mails after `last_step`, each as if the one before it went out when planned.

    Steps that the person had before an edit, or that are not for them on that day, are passed over.
    What stops the programme is the last of them. `previous` and `timed_by`: as `plans.place` has
    them.
    """
    had = plans.Had(row)
    wait = plan.waits.get(timed_by) if timed_by else None
    before = plan.waits.get(last_step) if last_step else None
    step = plan.next_for(plans.facts(row.subscriber, not_before), last_step, had)
    while step is not None and step not in plan.unreadable:
        try:
            (planned,) = schedule.timeline(
                [(step, wait or plan.waits[step])],
                anchors=plans.anchors(row, previous=previous),
                calendar=plan.calendar,
                person=person,
                not_before=not_before,
                before=before,
                priority=plan.priority,
            )
        except NeverOpens:
            yield Coming(step, None, (Why.NEVER_OPENS,))
            return
        yield Coming(step, planned.due.moment if planned.due else None, planned.reasons)
        if planned.due is None:
            return
        previous = not_before = planned.due.moment
        day = schedule.local_date(previous, person.zone)
        person = replace(person, taken=(*person.taken, (day, plan.priority)))
        before, wait = plan.waits[step], None
        step = plan.next_for(plans.facts(row.subscriber, not_before), step, had)
