"""Edits of a live sequence while people answer, pause, go back and move their dates.

A model beside the real code says what each person has had in this pass. Whatever happens, in
whatever order: no step comes again unless somebody asked for it, nothing is due in the past, and
once all is quiet everything that stands before a person comes, each once, in the plan's order.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models import Min
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nurture import checkins, due, enrolment, outbox, plans, preferences
from nurture.domain.states import RUNNING, EnrolmentState, MessageKind, MessageState
from nurture.models import Closure, Enrolment, Message, Sequence, Subscriber
from nurture.plans import Plans
from tests.factories import (
    Child,
    SubscriberFactory,
    checkin,
    publish,
    published_sequence,
    raw_steps,
    step,
    text,
    waiting,
)
from tests.nurture.steps import enrolled

START = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TOO_EASY, TOO_HARD, HURTS_MORE = 1, 3, 4
WINDOWS = [
    {"weekdays": list(range(7)), "opens": time(0), "closes": time(0)},
    {"weekdays": [0, 3], "opens": time(9), "closes": time(17)},
    {"weekdays": [1, 2, 4], "opens": time(22), "closes": time(6)},
]

Act = tuple[str, int, int]
EDITS = ["words", "wait", "insert", "remove", "swap", "to the end", "bring back", "ask", "date"]
ACTS = st.one_of(
    st.tuples(st.sampled_from(EDITS), st.integers(0, 4), st.integers(1, 9)),
    st.tuples(st.just("days"), st.integers(1, 12), st.just(0)),
    st.tuples(st.sampled_from(["window", "closure"]), st.integers(0, 2), st.integers(1, 9)),
    st.tuples(st.just("answer"), st.sampled_from([TOO_EASY, TOO_HARD, HURTS_MORE]), st.just(0)),
    st.tuples(
        st.sampled_from(["repeat", "back", "pause", "resume"]), st.integers(0, 1), st.just(0)
    ),
    st.tuples(st.just("move_date"), st.integers(-9, 9), st.just(0)),
)


@dataclass
class World:
    sequence: Sequence
    steps: list[Child]
    now: datetime = START
    removed: list[Child] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    sent: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    had: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    had_then: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    silent: dict[int, bool] = field(default_factory=dict)
    content: bool = False  # every mail is answered at once, and well

    def join(self) -> None:
        person: Subscriber = SubscriberFactory.create(dates={"birth": "2027-02-20"})
        self.rows.append(enrolled(person, self.sequence, now=self.now).pk)

    def do(self, act: Act) -> None:
        name, one, two = act
        if name in EDITS:
            self.edit(name, one % len(self.steps), two)
        else:
            getattr(self, name)(one, two)
        due.follow_the_plan(self.now, limit=100)
        late = Enrolment.objects.on_air().filter(due_at__lt=self.now)
        assert not late.exists(), f"due in the past after {act}"

    # -------------------------------------------------------------- what the editor does

    def edit(self, kind: str, at: int, days: int) -> None:
        self.change(kind, self.steps[at]["value"], days)
        self.order(kind, at, days)
        for number, child in enumerate(self.steps):
            if number and child["value"]["wait"]["count"] == 0:
                child["value"]["wait"] = waiting(1)
        self.publish(steps=self.steps)

    def change(self, kind: str, value: Any, days: int) -> None:
        match kind:
            case "words":
                value["subject"] = f"Other words {days}"
            case "wait":
                value["wait"] = waiting(days)
            case "date":
                value["wait"] = waiting(days, after="date", date_name="birth")
            case "ask":
                asked = any(block["type"] == "checkin" for block in value["body"])
                value["body"] = [text()] if asked else [text(), checkin()]

    def order(self, kind: str, at: int, days: int) -> None:
        match kind:
            case "insert":
                self.steps.insert(at, step(wait_days=days))
            case "remove" if len(self.steps) > 1:
                self.removed.append(self.steps.pop(at))
            case "swap":
                self.steps[at], self.steps[at - 1] = self.steps[at - 1], self.steps[at]
            case "to the end":
                self.steps.append(self.steps.pop(at))
            case "bring back" if self.removed:
                self.steps.insert(at, self.removed.pop())

    def publish(self, **fields: Any) -> None:
        draft = Sequence.objects.get(pk=self.sequence.pk).get_latest_revision_as_object()
        for name, value in fields.items():
            setattr(draft, name, value)
        publish(draft)

    def window(self, number: int, _days: int) -> None:
        self.publish(**WINDOWS[number])

    def closure(self, away: int, days: int) -> None:
        first = (self.now + away * DAY).date()
        Closure.objects.create(name="Closed", first=first, last=first + days * DAY)

    # -------------------------------------------------------------- what people do

    def each(self) -> list[Enrolment]:
        rows = Enrolment.objects.filter(pk__in=self.rows).select_related("subscriber", "sequence")
        return list(rows.order_by("pk"))

    def answer(self, number: int, _: int) -> None:
        for row in self.each():
            mail = row.messages.filter(turn=row.turn).select_related("step_version__step").first()
            if mail is None or mail.step_version is None or not mail.step_version.checkin:
                continue
            said = checkins.record(mail.public_id, number, now=self.now, source="mail")
            if said.in_time:
                self.silent[row.pk] = False
                self.goes_back(row, mail.step_version.step_id if said.does == "repeat" else None)

    def goes_back(self, row: Enrolment, target: int | None) -> None:
        """From where the last mail has left the person, to this step or to none."""
        self.had[row.pk] = set(self.had_then[row.pk])
        if target is not None:
            self.had[row.pk] -= set(plans.plan_of(row.sequence).at_or_behind(target))

    def repeat(self, _: int, __: int) -> None:
        for row in self.steerable():
            last = preferences.last_had(row)
            if last is not None:
                preferences.repeat(row, now=self.now)
                self.goes_back(row, last.pk)

    def back(self, _: int, __: int) -> None:
        for row in self.steerable():
            last = preferences.last_had(row)
            if last is not None:
                preferences.step_back(row, now=self.now)
                self.goes_back(row, plans.plan_of(row.sequence).before(last.pk) or last.pk)

    def steerable(self) -> list[Enrolment]:
        """Who has the buttons: a programme that is over shows none."""
        rows = [row for row in self.each() if row.state in RUNNING]
        self.silent |= dict.fromkeys((row.pk for row in rows), False)
        return rows

    def pause(self, _: int, __: int) -> None:
        enrolment.pause(Enrolment.objects.filter(pk__in=self.rows), until=self.now + 5 * DAY)

    def resume(self, _: int, __: int) -> None:
        """By the person, and by staff after a hold: that is to go on."""
        enrolment.resume(Enrolment.objects.filter(pk__in=self.rows), now=self.now)

    def move_date(self, days: int, _: int) -> None:
        day = (START + days * DAY).date()
        for row in self.each():
            enrolment.change_date(row.subscriber, "birth", day, now=self.now)

    # -------------------------------------------------------------- what the machine does

    def days(self, number: int, _: int) -> None:
        for _day in range(number):
            until = self.now + DAY
            while (moment := self.next_due()) is not None and moment <= until:
                self.now = max(self.now, moment)
                due.claim(self.now)
                self.accept()
            self.now = until
            due.claim(self.now)
            self.accept()

    def next_due(self) -> datetime | None:
        found = Enrolment.objects.on_air().aggregate(first=Min("due_at"))
        first: datetime | None = found["first"]
        return first

    def accept(self) -> None:
        messages = Message.objects.filter(state=MessageState.QUEUED)
        ours = messages.filter(kind=MessageKind.PROGRAMME)  # others go to the practice
        opened = list(ours.select_related("subscriber", "enrolment", "step_version"))
        for message in opened:
            assert message.planned_for <= self.now, "sent before it was due"
            self.note(message)
        messages.update(state=MessageState.ACCEPTED, closed_at=self.now)
        outbox.conclude([(one, self.now) for one in opened], MessageState.ACCEPTED, Plans())
        if self.content and opened:
            self.answer(TOO_EASY, 0)

    def note(self, message: Message) -> None:
        row, version = message.enrolment, message.step_version
        assert row is not None
        assert version is not None
        key = version.step_id
        if self.silent.get(row.pk) and key in self.had[row.pk]:  # nobody answered: once more
            self.goes_back(row, self.sent[row.pk][-1])
        assert key not in self.had[row.pk], "a step came again and nobody asked for it"
        self.sent[row.pk].append(key)
        self.had[row.pk].add(key)
        self.had_then[row.pk] = set(self.had[row.pk])
        self.silent[row.pk] = bool(version.checkin)

    # -------------------------------------------------------------- the end

    def comes_to_its_end(self) -> None:
        """From now on nothing is edited, and every week feels right."""
        self.content = True
        self.answer(TOO_EASY, 0)
        self.resume(0, 0)
        due.follow_the_plan(self.now, limit=100)
        plan = plans.plan_of(self.sequence)
        coming = {row.pk: self.what_stands_before(plan, row) for row in self.each()}
        begun = {pk: len(self.sent[pk]) for pk in self.rows}
        for _week in range(60):
            if not Enrolment.objects.filter(pk__in=self.rows, state__in=RUNNING).exists():
                break
            self.days(6, 0)
            self.resume(0, 0)
        for row in self.each():
            assert row.state == EnrolmentState.FINISHED, "somebody stands still"
            assert self.sent[row.pk][begun[row.pk] :] == coming[row.pk], "lost, or out of order"

    def what_stands_before(self, plan: plans.Plan, row: Enrolment) -> list[int]:
        if row.state == EnrolmentState.FINISHED:
            return []
        found, at = [], plan.after(row.last_step_id)
        while at is not None:
            if at not in self.had[row.pk]:
                found.append(at)
            at = plan.after(at)
        return found


@pytest.mark.django_db
@settings(
    max_examples=max(30, settings.default.max_examples // 4) if settings.default else 30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example([("days", 8, 0), ("swap", 1, 1)])  # the week before comes to stand behind the last one
@example([("days", 8, 0), ("to the end", 0, 1)])
@example([("days", 8, 0), ("remove", 0, 1), ("bring back", 2, 1)])
@example([("ask", 1, 1), ("days", 8, 0), ("answer", TOO_HARD, 0), ("swap", 1, 1)])
@example([("days", 8, 0), ("back", 0, 0), ("to the end", 0, 1), ("days", 9, 0)])
@example([("ask", 0, 1), ("days", 12, 0), ("closure", 0, 9), ("window", 2, 1)])
@example([("date", 1, 9), ("days", 3, 0), ("move_date", -9, 0), ("pause", 0, 0)])
@given(st.lists(ACTS, min_size=2, max_size=7))
def test_whatever_happens_to_whom_nothing_comes_again_unasked_and_nothing_is_lost(
    happening: list[Act],
) -> None:
    with transaction.atomic():
        weeks = [step(text(), wait_days=3 * bool(n), name=f"week {n}") for n in range(4)]
        sequence = published_sequence(steps=weeks, asks=["birth"], title=uuid4().hex)
        world = World(sequence, raw_steps(sequence))
        world.join()
        for number, act in enumerate(happening):
            world.do(act)
            if number == 0:
                world.join()

        world.comes_to_its_end()

        planned = Message.objects.filter(kind=MessageKind.PROGRAMME)
        turns = list(planned.values_list("enrolment", "turn"))
        assert len(turns) == len(set(turns))
        transaction.set_rollback(True)
