"""What an edit does to the people who are underway, told before it is published."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from nurture import plans
from nurture.authoring.planned import Planned
from nurture.authoring.playing import wait_of
from nurture.domain import progression
from nurture.domain.schedule import local_date
from nurture.domain.states import RUNNING, EnrolmentState
from nurture.models import Enrolment, Step
from nurture.models import Sequence as SequenceRow
from nurture.models.choices import values
from nurture.plans import Plan

MOST_PEOPLE = 5_000  # beyond, dates are told for so many, and counts for all


class Change(StrEnum):
    NEW = "new"
    REMOVED = "removed"
    TIMING = "timing"
    MOVED = "moved"
    WORDS = "words"
    SAME = "same"


@dataclass(slots=True)
class StepImpact:
    """How the people stand to one step of the draft, and what it does to their next mail."""

    name: str
    change: Change
    before: int = 0
    waiting: int = 0
    past: int = 0
    today: int = 0
    earlier: int = 0
    later: int = 0


@dataclass(slots=True)
class Impact:
    steps: list[StepImpact] = field(default_factory=list)
    people: int = 0
    looked_at: int = 0
    finished: int = 0  # for whom nothing more would come
    next_dates: Counter[str] = field(default_factory=Counter)  # ISO date: how many next mails


def draft_plan(row: SequenceRow, draft: SequenceRow, steps: Sequence[Planned]) -> Plan:
    """The draft as the scheduler would see it once published. New steps have negative numbers."""
    rows = {step.key: step for step in Step.objects.filter(sequence=row)}
    numbers = {
        step.key: rows[step.key].pk if step.key in rows else -position
        for position, step in enumerate(steps, start=1)
    }
    kept = set(numbers)
    before = [step.key for step in sorted(rows.values(), key=lambda step: step.position)]
    passed = progression.overtaken(
        [key for key in before if rows[key].live],
        [step.key for step in steps],
        back=[key for key in before if not rows[key].live],
    )
    passed |= {key for key in before if rows[key].overtaken and key in kept}
    return Plan(
        number=row.plan_number + 1,
        calendar=plans.practice().calendar(draft.window),
        steps=tuple(numbers[step.key] for step in steps),
        waits={numbers[step.key]: wait_of(step) for step in steps},
        stood_after=stood_after(rows.values(), kept),
        whom={numbers[step.key]: step.conditions for step in steps if step.conditions},
        overtaken=frozenset(numbers[key] for key in passed),
    )


def stood_after(rows: Iterable[Step], kept: set[UUID]) -> dict[int, int | None]:
    """For each row that is not kept, whom its people go on from: as publishing would write it."""
    found: dict[int, int | None] = {}
    survivor: int | None = None
    for step in sorted(rows, key=lambda step: step.position):
        if step.key in kept and step.live:
            survivor = step.pk
        elif step.key not in kept:
            found[step.pk] = survivor if step.live else step.stood_after_id
    return found


def of(row: SequenceRow, draft: SequenceRow, steps: Sequence[Planned], *, now: datetime) -> Impact:
    """`row` is the live sequence, `steps` the plan of the draft. Reads, and writes nothing."""
    plan = draft_plan(row, draft, steps)
    changes = Changes(row, draft)
    impact = Impact([StepImpact(step.name, changes.of(n, step)) for n, step in enumerate(steps)])
    names = {step.key for step in steps}
    removed = Step.objects.filter(sequence=row, live=True).exclude(key__in=names)
    running = Enrolment.objects.filter(sequence=row, state__in=values(RUNNING))
    impact.people = running.count()
    people = running.select_related("subscriber").order_by("pk")[:MOST_PEOPLE]
    for enrolment in people:
        impact.looked_at += 1
        note(impact, plan, enrolment, now)
    for step in removed:
        waiting = running.filter(next_step=step, due_at__isnull=False).count()
        impact.steps.append(StepImpact(step.name, Change.REMOVED, waiting=waiting))
    return impact


def note(impact: Impact, plan: Plan, enrolment: Enrolment, now: datetime) -> None:
    """Add one person."""
    place = plans.place(
        plan,
        enrolment,
        last_step=enrolment.last_step_id,
        anchors=plans.anchors(enrolment, previous=enrolment.anchored_at),
        not_before=now,
        timed_by=enrolment.timed_by_id,
    )
    if place.step is None:
        impact.finished += 1
        for step in impact.steps[: len(plan.steps)]:
            step.past += 1
        return
    at = plan.steps.index(place.step)
    for number, step in enumerate(impact.steps[: len(plan.steps)]):
        if number < at:
            step.past += 1
        elif number > at:
            step.before += 1
    here = impact.steps[at]
    here.waiting += 1
    moves = enrolment.state == EnrolmentState.ACTIVE and enrolment.due_at is not None
    if place.due_at is None or not moves or enrolment.due_at is None:
        return
    zone = enrolment.subscriber.zone
    day = local_date(place.due_at, zone)
    impact.next_dates[day.isoformat()] += 1
    here.today += day == local_date(now, zone)
    here.earlier += place.due_at < enrolment.due_at - timedelta(minutes=1)
    here.later += place.due_at > max(enrolment.due_at, now) + timedelta(minutes=1)


class Changes:
    """What an edit did to each step of the plan."""

    def __init__(self, row: SequenceRow, draft: SequenceRow) -> None:
        self.live = {step.key: step for step in Step.objects.filter(sequence=row, live=True)}
        self.said = [
            {UUID(str(child["id"])): child["value"] for child in one.steps.get_prep_value()}
            for one in (row, draft)
        ]

    def of(self, position: int, step: Planned) -> Change:
        live = self.live.get(step.key)
        if live is None:
            return Change.NEW
        if live.wait != wait_of(step):
            return Change.TIMING
        if live.position != position:
            return Change.MOVED
        before, after = (said.get(step.key) for said in self.said)
        return Change.SAME if before == after else Change.WORDS
