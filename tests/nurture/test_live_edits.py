"""Whatever the edits of a live sequence: the table of docs/sequences.md holds for everybody.

Random plans are published over one another while people move through them. Afterwards, for each:
no turn twice, no step twice, nothing that is due lost, and never a date in the past.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nurture import due, outbox
from nurture.domain.states import EnrolmentState, MessageState
from nurture.models import Enrolment, Message, Sequence, Step
from nurture.plans import Plans
from tests.factories import (
    Child,
    SubscriberFactory,
    edited,
    published_sequence,
    raw_steps,
    step,
    waiting,
)
from tests.nurture.steps import enrolled

START = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


# ------------------------------------------------------------------ edits, as an editor makes them


@dataclass(frozen=True)
class Edit:
    """One edit: what, where (a position, taken round the number of steps), and how long a wait."""

    kind: str
    place: int
    days: int


edits = st.builds(
    Edit,
    st.sampled_from(["words", "wait", "insert", "remove", "swap", "bring back"]),
    st.integers(0, 5),
    st.integers(1, 9),
)
moves = st.one_of(edits, st.integers(1, 12))  # an edit, or so many days that pass


@dataclass
class Editor:
    """The steps as the editor has them, and those that were removed."""

    steps: list[Child]
    removed: list[Child] = field(default_factory=list)

    def make(self, edit: Edit) -> None:
        at = edit.place % len(self.steps)
        self.change(edit, at)
        for number, one in enumerate(self.steps):
            if number and one["value"]["wait"]["count"] == 0:
                one["value"]["wait"] = waiting(1)

    def change(self, edit: Edit, at: int) -> None:
        value = self.steps[at]["value"]
        match edit.kind:
            case "words":
                value["subject"] = f"Other words {edit.place} {edit.days}"
            case "wait":
                value["wait"] = waiting(edit.days)
            case "insert":
                self.steps.insert(at, step(wait_days=edit.days))
            case "remove" if len(self.steps) > 1:
                self.removed.append(self.steps.pop(at))
            case "swap":
                self.steps[at], self.steps[at - 1] = self.steps[at - 1], self.steps[at]
            case "bring back" if self.removed:
                self.steps.insert(at, self.removed.pop())


# ------------------------------------------------------------------ one run


@dataclass
class Run:
    """Two people in one sequence; the second one joins when the first has had a mail."""

    sequence: Sequence
    editor: Editor
    now: datetime = START
    rows: list[Enrolment] = field(default_factory=list)

    def join(self) -> None:
        self.rows.append(enrolled(SubscriberFactory.create(), self.sequence, now=self.now))

    def pass_days(self, days: int) -> None:
        for _day in range(days):
            while due.claim(self.now):
                self.check_dates()
                self.accept()
            self.now += DAY

    def accept(self) -> None:
        """All that is open goes out at once, and the programmes move on."""
        messages = Message.objects.filter(state=MessageState.QUEUED)
        opened = list(messages.select_related("subscriber", "enrolment").order_by("pk"))
        messages.update(state=MessageState.ACCEPTED, closed_at=self.now)
        outbox.conclude([(one, self.now) for one in opened], MessageState.ACCEPTED, Plans())

    def publish(self, edit: Edit) -> None:
        self.editor.make(edit)
        edited(self.sequence, steps=self.editor.steps)
        due.follow_the_plan(self.now, limit=100)
        waiting_rows = Enrolment.objects.filter(due_at__isnull=False)
        assert not waiting_rows.filter(due_at__lt=self.now).exists(), "due in the past"

    def check_dates(self) -> None:
        early = Message.objects.filter(planned_for__gt=self.now)
        assert not early.exists(), "sent before it was due"


def had(row: Enrolment) -> list[int]:
    messages = Message.objects.filter(enrolment=row).order_by("turn")
    return list(messages.values_list("step_version__step", flat=True))


@pytest.mark.django_db
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example([3, Edit("remove", 1, 1), 3, Edit("bring back", 1, 1)])
@example([3, Edit("swap", 1, 1), Edit("insert", 0, 2)])
@example([9, Edit("remove", 0, 1), Edit("remove", 0, 1), Edit("wait", 0, 9)])
@given(st.lists(moves, min_size=2, max_size=5))
def test_whatever_the_edits_nobody_gets_anything_twice_or_loses_what_is_due(
    happening: list[Edit | int],
) -> None:
    Message.objects.all().delete()
    Enrolment.objects.all().delete()
    sequence = published_sequence(steps=3, wait_days=3)
    run = Run(sequence, Editor(raw_steps(sequence)))
    run.join()
    for number, one in enumerate(happening):
        if isinstance(one, Edit):
            run.publish(one)
        else:
            run.pass_days(one)
        if number == 0:
            run.join()

    before_the_end = {row.pk: had(row) for row in run.rows}
    run.pass_days(9 * (len(run.editor.steps) + 2))

    plan = list(Step.objects.filter(sequence=sequence, live=True).values_list("pk", flat=True))
    for row in run.rows:
        row.refresh_from_db()
        steps = had(row)
        turns = Message.objects.filter(enrolment=row).values_list("turn", flat=True)
        assert max(Counter(turns).values()) == 1
        assert max(Counter(steps).values()) == 1, "a step twice"
        assert row.state == EnrolmentState.FINISHED, "somebody stands still"
        rest = steps[len(before_the_end[row.pk]) :]
        places = [plan.index(pk) for pk in rest]
        assert places == sorted(places), "out of order"
        assert steps[-1] == plan[-1] or not rest, "the end was lost"
