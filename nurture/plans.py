"""Sequences as they are published, and where somebody stands in one: what comes next, and when."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time
from uuid import UUID

from nurture import models
from nurture.domain import clocks, progression, schedule
from nurture.domain.conditions import Condition, Facts
from nurture.domain.schedule import (
    Anchors,
    Calendar,
    Cap,
    NeverOpens,
    Person,
    Priority,
    Quiet,
    Wait,
    Why,
    Window,
)
from nurture.domain.states import OPEN, WENT_OUT, Reason
from nurture.models import CheckIn, Closure, Enrolment, MailTimes, Step, Subscriber
from nurture.models.choices import values
from nurture.models.sequence import FrequencyClass

PRIORITIES = {
    FrequencyClass.PROGRAMME: Priority.PROGRAMME,
    FrequencyClass.NEWSLETTER: Priority.NEWSLETTER,
}


@dataclass(frozen=True, slots=True)
class Practice:
    """What holds for all sequences: the days of closure, quiet hours, a cap on mails."""

    closures: frozenset[date]
    quiet: Quiet | None
    cap: Cap | None

    def calendar(self, window: Window) -> Calendar:
        return Calendar(window, self.closures, self.quiet, self.cap)


def practice() -> Practice:
    times = MailTimes.now()
    return Practice(Closure.objects.days(), times.quiet, times.cap)


@dataclass(frozen=True, slots=True)
class Plan:
    """A sequence as it is published: what follows what, after how long, in which window."""

    number: int
    calendar: Calendar
    steps: tuple[int, ...]
    waits: Mapping[int, Wait]
    stood_after: Mapping[int, int | None]
    skippable: frozenset[int] = frozenset()
    whom: Mapping[int, Sequence[Condition]] = field(default_factory=dict)
    priority: Priority = Priority.PROGRAMME
    overtaken: frozenset[int] = frozenset()  # see domain.progression.overtaken
    unreadable: frozenset[int] = frozenset()  # live steps whose row somebody has broken by hand

    def after(self, last_step: int | None) -> int | None:
        return progression.following(self.steps, last_step, stood_after=self.stood_after)

    def next_for(self, facts: Facts, last_step: int | None, had: "Had") -> int | None:
        """As `after`, past the steps that are not for this person, or that they have had."""
        step = self.after(last_step)
        while step is not None and not self.is_for(step, facts, had):
            step = self.after(step)
        return step

    def is_for(self, step: int, facts: Facts, had: "Had") -> bool:
        if step in self.overtaken and had.has(step):
            return False
        return all(one.holds(facts) for one in self.whom.get(step, ()))

    def at_or_behind(self, step: int) -> list[int]:
        """What somebody has yet to do who starts again from this step, removed ones included."""
        first = self.after(self.before(step))
        if first is None:
            return []
        start = self.steps.index(first)
        live = self.steps[start:]
        gone = [one for one in self.stood_after if self.survivor(one) in live]
        return [*live, *gone]

    def survivor(self, step: int | None) -> int | None:
        """The nearest live step that a removed one stood after."""
        while step is not None and step not in self.steps:
            step = self.stood_after.get(step)
        return step

    def before(self, step: int) -> int | None:
        """What somebody had who is to get this step next: the live step before it, if any.

        For a step that was removed, its nearest surviving predecessor.
        """
        if step not in self.steps:
            return self.stood_after.get(step)
        position = self.steps.index(step)
        return self.steps[position - 1] if position else None


class Plans(dict[int, Plan]):
    """Plans by sequence, each read once. One that is outdated meanwhile does no harm: the
    enrolment carries the plan's number, and `due.claim` re-plans those of an older one."""

    def __missing__(self, sequence_id: int) -> Plan:
        self[sequence_id] = plan_of(models.Sequence.objects.get(pk=sequence_id))
        return self[sequence_id]


def plan_of(sequence: models.Sequence) -> Plan:
    steps = list(Step.objects.filter(sequence=sequence).order_by("position", "pk"))
    live = [step for step in steps if step.live]
    sound = [step for step in live if step.is_readable]
    return Plan(
        number=sequence.plan_number,
        calendar=practice().calendar(sequence.window),
        steps=tuple(step.pk for step in live),
        waits={step.pk: step.wait for step in sound},
        stood_after={step.pk: step.stood_after_id for step in steps if not step.live},
        skippable=frozenset(step.pk for step in steps if step.skippable),
        whom={step.pk: step.whom for step in sound if step.conditions},
        priority=priority_of(sequence.frequency_class),
        overtaken=frozenset(step.pk for step in live if step.overtaken),
        unreadable=frozenset(step.pk for step in live if step not in sound),
    )


def priority_of(frequency_class: str, *, asked_for: bool = False) -> Priority:
    """Who goes first when there is no room for all. `asked_for`: the answer to a check-in."""
    priority = PRIORITIES[FrequencyClass(frequency_class)]
    return Priority.CHECK_IN_REPLY if asked_for and priority < Priority.NEWSLETTER else priority


@dataclass(frozen=True, slots=True)
class Place:
    """What comes next for somebody, when and why; no step means that the programme is over.

    A step without a date waits for one that the person has not given, or no day is open to it.
    """

    step: int | None
    due_at: datetime | None
    plan_number: int
    timed_by: int | None = None
    reasons: tuple[Why, ...] = ()
    impossible: bool = False

    @property
    def held_for(self) -> Reason:
        """Why there is no date, if there is none."""
        if self.impossible:
            return Reason.IMPOSSIBLE
        if Why.DATE_MISSING in self.reasons:
            return Reason.DATE_MISSING
        return Reason.NEVER_OPENS if Why.NEVER_OPENS in self.reasons else Reason.NONE


def place(
    plan: Plan,
    row: Enrolment,
    *,
    last_step: int | None,
    anchors: Anchors,
    not_before: datetime,
    timed_by: int | None = None,
) -> Place:
    """Where somebody stands who last had `last_step`.

    `timed_by` names a step whose wait counts instead of the next one's: a step that is repeated
    comes when the one after it would have come.
    """
    subscriber = row.subscriber
    step = plan.next_for(facts(subscriber, not_before), last_step, Had(row))
    if step is None:
        return Place(None, None, plan.number)
    if step in plan.unreadable:
        return Place(step, None, plan.number, timed_by, impossible=True)
    wait = plan.waits.get(timed_by or step, plan.waits[step])
    before = plan.waits.get(last_step) if last_step else None
    try:
        due = schedule.due(
            wait,
            anchors=anchors,
            calendar=plan.calendar,
            person=person(subscriber),
            not_before=not_before,
            apart=schedule.distance(wait, before),
            priority=plan.priority,
        )
    except schedule.DateMissing:
        return Place(step, None, plan.number, timed_by, (Why.DATE_MISSING,))
    except NeverOpens:
        return Place(step, None, plan.number, timed_by, (Why.NEVER_OPENS,))
    return Place(step, due.moment, plan.number, timed_by, due.reasons)


def person(subscriber: Subscriber) -> Person:
    hour = None if subscriber.hour is None else time(subscriber.hour)
    return Person(subscriber.zone, subscriber.weekday, hour)


def anchors(enrolment: Enrolment, *, previous: datetime | None) -> Anchors:
    return Anchors(enrolment.started_at, previous, dates(enrolment.subscriber))


def dates(subscriber: Subscriber) -> dict[str, date]:
    """What is no date is not given: steps that count from it wait for a person to put it right."""
    found = {}
    for name, text in subscriber.dates.items():
        with suppress(ValueError, TypeError):
            found[name] = date.fromisoformat(text)
    return found


def facts(subscriber: Subscriber, now: datetime) -> Facts:
    """What conditions may ask about."""
    return Facts(
        language=subscriber.language,
        today=clocks.local_date(now, subscriber.zone),
        dates=dates(subscriber),
        answers=Said(subscriber.pk),
    )


@dataclass(frozen=True, slots=True)
class Had:
    """What a person has had in this pass, looked up only for a step that others have overtaken."""

    enrolment: Enrolment

    def has(self, step: int) -> bool:
        # One that is only played through has no key, and nothing was sent to it.
        sent = models.Message.objects.filter(
            enrolment__in=[self.enrolment.pk],
            step_version__step=step,
            state__in=values(OPEN | WENT_OUT),
        )
        past = [one["turn"] for one in self.enrolment.had or () if one["step"] == step]
        turns = [*past, *sent.values_list("turn", flat=True)]
        return any(turn is not None and not self._forgotten(step, turn) for turn in turns)

    def _forgotten(self, step: int, turn: int) -> bool:
        """Whether the person went back to or before it since."""
        return any(
            rewind["turn"] >= turn and step in rewind["forgot"] for rewind in self.enrolment.rewinds
        )


@dataclass(frozen=True, slots=True)
class Said(Mapping[UUID, str]):
    """The last answer of a person to each step, looked up only if a condition asks for it."""

    subscriber_id: int

    def __getitem__(self, step_key: UUID) -> str:
        said = CheckIn.objects.filter(
            message__subscriber=self.subscriber_id, message__step_version__step__key=step_key
        )
        answer = said.order_by("-pk").values_list("answer", flat=True).first()
        if answer is None:
            raise KeyError(step_key)
        return answer

    def __iter__(self) -> Iterator[UUID]:
        steps = CheckIn.objects.filter(message__subscriber=self.subscriber_id)
        return iter(set(steps.values_list("message__step_version__step__key", flat=True)))

    def __len__(self) -> int:
        return len(list(iter(self)))
