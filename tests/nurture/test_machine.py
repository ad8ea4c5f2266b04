"""Whatever happens to a programme, in whatever order: it stays in a state that makes sense.

A state machine does at random what people, editors, staff, the relay and the clock can do, with the
real rows, the real sender and a real SMTP server. A plain model next to it knows what each person
had and what comes next. After each step the promises are looked at:

- no turn of an enrolment twice, no Message-ID accepted twice, one open mail per programme at most;
- no step again that nobody asked for, and none left out;
- nobody lost: a running programme has a date, an open mail, or a reason to wait;
- a mail leaves inside its window, and no date lies behind the next opening of it;
- after leaving, nothing more.
"""

import os
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from nurture import checkins, consent, due, enrolment, outbox, preferences, sending
from nurture.consent import Gone
from nurture.domain.schedule import Window
from nurture.domain.states import (
    OPEN,
    RUNNING,
    WENT_OUT,
    ConsentAction,
    EnrolmentState,
    MessageKind,
    MessageState,
)
from nurture.models import Enrolment, Message, Sequence, Subscriber
from nurture.models.choices import values
from nurture.sweep import sweep
from tests import smtp
from tests.factories import (
    SubscriberFactory,
    checkin,
    edited,
    published_sequence,
    raw_steps,
    step,
    text,
    waiting,
)
from tests.smtp import Phase

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
DAY = timedelta(days=1)
DAYTIME = Window(opens=time(8), closes=time(20))
ZONES = ["America/New_York", "Pacific/Auckland"]
WARNING = "warning_sign"


@dataclass
class Model:
    """What one programme looks like from outside: the steps that were had, by their keys."""

    plan: list[str]
    gone: dict[str, str | None] = field(default_factory=dict)
    last: str | None = None
    had: list[str] = field(default_factory=list)

    def expected(self) -> str | None:
        """The first live step after the last one; a removed one stands where its elder stood."""
        last = self.last
        while last is not None and last not in self.plan:
            last = self.gone[last]
        at = -1 if last is None else self.plan.index(last)
        return self.plan[at + 1] if at + 1 < len(self.plan) else None

    def goes_back(self, last: str | None) -> None:
        """Somebody asked for something that was had: what follows `last` may come again."""
        self.last = last
        at = self.plan.index(last) if last in self.plan else -1
        kept = set(self.plan[: at + 1])
        self.had = [key for key in self.had if key in kept]


class Programme(RuleBasedStateMachine):
    """Two people in one sequence of four steps, of which two ask how it went."""

    relay: smtp.Relay
    sequence: Sequence

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.now = datetime.now(UTC)
        self.before = Counter(self.relay.accepted)
        self.models: dict[int, Model] = {}
        self.plan = [str(one["id"]) for one in raw_steps(self.sequence)]
        self.gone: dict[str, str | None] = {}
        self.left: dict[int, int] = {}
        self.dates: dict[int, datetime | None] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    # -------------------------------------------------------------- looking

    def rows(self, *states: EnrolmentState) -> list[Enrolment]:
        rows = Enrolment.objects.select_related("subscriber", "last_step", "next_step")
        return list(rows.filter(state__in=values(states or EnrolmentState)).order_by("pk"))

    def pick(self, number: int, *states: EnrolmentState) -> Enrolment | None:
        rows = self.rows(*states)
        return rows[number % len(rows)] if rows else None

    def model(self, row: Enrolment) -> Model:
        return self.models.setdefault(row.pk, Model(self.plan, self.gone))

    def learn(self, row: Enrolment) -> None:
        """The programme was told where to go on: from there the model is on its own again."""
        row = Enrolment.objects.select_related("last_step").get(pk=row.pk)
        last = str(row.last_step.key) if row.last_step else None
        if last and row.messages.filter(state__in=values(OPEN)).exists():
            last = self.elder(last)  # the mail of that one has not gone out
        if last != self.model(row).last:
            self.model(row).goes_back(last)

    def elder(self, key: str) -> str | None:
        if key not in self.plan:
            return self.gone[key]
        at = self.plan.index(key)
        return self.plan[at - 1] if at else None

    # -------------------------------------------------------------- people

    @initialize(zone=st.sampled_from(ZONES))
    def somebody_begins(self, zone: str) -> None:
        self.person = SubscriberFactory.create(time_zone=zone, consent=ConsentAction.GIVEN)
        self.other = SubscriberFactory.create(time_zone="UTC", consent=ConsentAction.GIVEN)
        enrolment.enrol(self.person, self.sequence, now=self.now)

    @rule()
    def the_other_one_begins_too(self) -> None:
        other = Subscriber.objects.get(pk=self.other.pk)
        if other.consent == ConsentAction.GIVEN:
            enrolment.enrol(other, self.sequence, now=self.now)

    @rule(number=st.integers(0, 1), days=st.none() | st.integers(1, 20))
    def pauses(self, number: int, days: int | None) -> None:
        if row := self.pick(number, EnrolmentState.ACTIVE):
            until = self.now + days * DAY if days else None
            enrolment.pause(Enrolment.objects.filter(pk=row.pk), until=until)

    @rule(number=st.integers(0, 1))
    def goes_on(self, number: int) -> None:
        """By the person after a pause, by staff after a hold."""
        if row := self.pick(number, EnrolmentState.PAUSED, EnrolmentState.HELD):
            enrolment.resume(Enrolment.objects.filter(pk=row.pk), now=self.now)

    @rule(number=st.integers(0, 1))
    def staff_skips_what_did_not_go_out(self, number: int) -> None:
        if row := self.pick(number, EnrolmentState.HELD):
            enrolment.skip(Enrolment.objects.filter(pk=row.pk), now=self.now)
            self.learn(row)

    @rule(number=st.integers(0, 1), back=st.booleans())
    def wants_it_again(self, number: int, back: bool) -> None:  # noqa: FBT001
        if row := self.pick(number, EnrolmentState.ACTIVE):
            (preferences.step_back if back else preferences.repeat)(row, now=self.now)
            self.learn(row)

    @rule(number=st.integers(0, 1), zone=st.sampled_from(ZONES), hour=st.integers(6, 21))
    def moves_house(self, number: int, zone: str, hour: int) -> None:
        person = (self.person, self.other)[number]
        preferences.choose_time(
            Subscriber.objects.get(pk=person.pk),
            weekday=None,
            hour=hour,
            time_zone=zone,
            language="en-us",
            now=self.now,
        )

    @rule(day=st.integers(-10, 30))
    def gives_a_date(self, day: int) -> None:
        person = Subscriber.objects.get(pk=self.person.pk)
        date = (self.now + day * DAY).date()
        enrolment.change_date(person, "surgery", date, now=self.now)

    @rule(answer=st.sampled_from([1, 2, 3, 4, 5]), number=st.integers(0, 3))
    def answers(self, answer: int, number: int) -> None:
        asked = Message.objects.exclude(step_version__checkin={}).filter(
            kind=MessageKind.PROGRAMME, state__in=values(WENT_OUT)
        )
        if messages := list(asked.order_by("-pk")[:4]):
            message = messages[number % len(messages)]
            try:
                checkins.record(message.public_id, answer, now=self.now, source="mail")
            except Gone:
                return
            assert message.enrolment is not None
            self.learn(message.enrolment)

    @rule(number=st.integers(0, 1))
    def leaves(self, number: int) -> None:
        person = (self.person, self.other)[number]
        consent.withdraw(person.public_id, source="link")
        self.left.setdefault(person.pk, self.mails_to(person))

    # -------------------------------------------------------------- editors

    @rule(
        kind=st.sampled_from(["insert", "remove", "wait", "words"]),
        at=st.integers(0, 5),
        days=st.integers(1, 9),
    )
    def an_editor_publishes(self, kind: str, at: int, days: int) -> None:
        steps = raw_steps(self.sequence)
        at %= len(steps)
        key = str(steps[at]["id"])
        if kind == "insert":
            steps.insert(at, step(wait_days=days))
            self.plan.insert(at, str(steps[at]["id"]))
        elif kind == "remove" and len(steps) > 2:
            del steps[at]
            self.plan.remove(key)
            self.gone[key] = self.plan[at - 1] if at else None
        elif kind == "wait":
            steps[at]["value"]["wait"] = waiting(days)
        else:
            steps[at]["value"]["subject"] = f"Other words {days}"
        for one in steps[1:]:
            if not one["value"]["wait"]["count"]:
                one["value"]["wait"] = waiting(1)
        edited(self.sequence, steps=steps)

    # -------------------------------------------------------------- the clock, the relay

    @rule(hours=st.sampled_from([1, 9, 24, 24, 24 * 7, 24 * 7, 24 * 15]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def a_tick(self) -> None:
        asked = list(Enrolment.objects.filter(awaits_answer=True))
        newest = Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        while due.claim(self.now):
            pass
        for message in self.planned_after(newest):
            assert message.enrolment is not None
            assert message.step_version is not None
            key, model = str(message.step_version.step.key), self.model(message.enrolment)
            if key != model.expected():
                assert message.enrolment in asked, "not the step that follows"
                model.goes_back(self.elder(key))  # the rule for silence: the same again
            assert message.planned_for <= self.now, "before its time"
            assert is_open(message.subscriber, self.now), "outside its window"
        for row in asked:
            self.learn(row)

    def planned_after(self, newest: int) -> list[Message]:
        rows = Message.objects.filter(pk__gt=newest, kind=MessageKind.PROGRAMME)
        return list(rows.select_related("enrolment", "subscriber", "step_version__step"))

    @rule(answer=st.sampled_from(["yes", "yes", "yes", "later", "never", "lost", "drop"]))
    def mail_is_sent(self, answer: str) -> None:
        match answer:
            case "later":
                self.relay.refuse(Phase.RCPT, 450)
            case "never":
                self.relay.refuse(Phase.RCPT, 550)
            case "lost":
                self.relay.hang_up(Phase.DOT)
            case "drop":
                self.relay.hang_up(Phase.MAIL)
        Message.objects.filter(state=MessageState.DEFERRED).update(next_attempt_at=F("created_at"))
        open_before = set(Message.objects.open().values_list("pk", flat=True))
        sending.send_claimed(sending.PROGRAMME)
        self.relay._scripts.clear()
        closed = Message.objects.filter(pk__in=open_before, state__in=values(WENT_OUT))
        for message in closed.select_related("enrolment", "step_version__step").order_by("pk"):
            self.went_out(message)
        self.dates = self.dates_now()

    def went_out(self, message: Message) -> None:
        if message.enrolment is None or message.step_version is None:
            return
        model, key = self.model(message.enrolment), str(message.step_version.step.key)
        assert key not in model.had, "again, and nobody asked"
        model.had.append(key)
        model.last = key

    @rule(handed_over=st.booleans())
    def a_worker_dies(self, handed_over: bool) -> None:  # noqa: FBT001
        """With mails in its hands, in front of the fence or behind it."""
        token = uuid.uuid4()
        taken = outbox.claim(sending.PROGRAMME, token=token, limit=10)
        if handed_over:
            passed = outbox.fence(taken, token=token)
            taken = [row for row in taken if row.pk in passed]
        Message.objects.filter(lease_token=token).update(lease_until=F("created_at") - DAY)
        sweep()
        if handed_over:
            gone = Message.objects.filter(pk__in=[row.pk for row in taken])
            for message in gone.select_related("enrolment", "step_version__step"):
                self.went_out(message)
        self.dates = self.dates_now()

    # -------------------------------------------------------------- what always holds

    @invariant()
    def nothing_twice(self) -> None:
        turns = Counter(Message.objects.values_list("enrolment", "turn"))
        opened = Counter(Message.objects.open().values_list("enrolment", flat=True))
        accepted = Counter(self.relay.accepted) - self.before
        assert max(turns.values(), default=1) == 1
        assert max(opened.values(), default=1) == 1
        assert max(accepted.values(), default=1) == 1

    @invariant()
    def nobody_is_lost(self) -> None:
        for row in self.rows():
            is_open = row.messages.filter(state__in=values(OPEN)).exists()
            if row.state == EnrolmentState.ACTIVE:
                assert row.due_at is not None or is_open, "stands still"
                assert not (row.due_at and is_open), "two at once"
            elif row.state in RUNNING:
                assert row.reason, "waits without a reason"
            elif row.state == EnrolmentState.FINISHED:
                assert self.model(row).expected() is None or row.ended_at, "ended too early"

    @invariant()
    def whoever_left_gets_nothing(self) -> None:
        for pk, mails in self.left.items():
            assert self.mails_to(Subscriber.objects.get(pk=pk)) == mails

    def mails_to(self, person: Subscriber) -> int:
        return sum(person.address in mail.recipients for mail in self.relay.mails)

    @invariant()
    def a_new_date_is_never_in_the_past(self) -> None:
        """The wait after a mail counts from when that went out, and tests have no time for that."""
        before, self.dates = self.dates, self.dates_now()
        for row in self.rows(EnrolmentState.ACTIVE):
            if row.due_at is not None and row.due_at != before.get(row.pk):
                assert row.due_at >= self.now
                assert is_open(row.subscriber, row.due_at)

    def dates_now(self) -> dict[int, datetime | None]:
        return dict(Enrolment.objects.values_list("pk", "due_at"))


def is_open(person: Subscriber, now: datetime) -> bool:
    local = now.astimezone(person.zone).time()
    return DAYTIME.opens <= local < DAYTIME.closes


@pytest.mark.django_db
def test_programmes_stay_sensible_whatever_happens(relay: smtp.Relay) -> None:
    asks = [text(), checkin()]
    Programme.relay = relay
    Programme.sequence = published_sequence(
        steps=[step(*(asks if n % 2 else [text()]), wait_days=3 * bool(n)) for n in range(4)],
        window=DAYTIME,
    )
    many: dict[str, Any] = {"max_examples": 1_500, "stateful_step_count": 60}
    few: dict[str, Any] = {"max_examples": 40, "stateful_step_count": 30}

    run_state_machine_as_test(
        Programme,
        settings=settings(
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            **(many if DEEP else few),
        ),
    )
