"""Whatever people press, in whatever order: no mail twice, no week again unasked, no week lost.

Everything goes the way that people go: by the pages behind the links, and by the API of a signup.
"""

import json
from collections import defaultdict
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings as installation
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cms.integrations import limits
from nurture import due, outbox, plans
from nurture.domain.retry import Verdict
from nurture.domain.states import (
    RUNNING,
    ConsentAction,
    EnrolmentState,
    MessageKind,
    MessageState,
    Reason,
)
from nurture.mail import links
from nurture.mail.links import Purpose
from nurture.models import CheckIn, Consent, ConsentText, Enrolment, Message, Sequence, Subscriber
from nurture.outbox import Outcome
from nurture.sending import PROGRAMME
from nurture.web import evenly
from tests.cast import ANNA
from tests.factories import checkin, published_sequence, step, text

pytestmark = pytest.mark.django_db

WEEKS = 4
ABOUT_RIGHT, TOO_HARD, HURTS_MORE = 2, 3, 4
LONGEST = 90  # rounds in which every programme must have come to its end
GONE_OUT = Verdict(MessageState.ACCEPTED, Reason.ACCEPTED_BY_RELAY)

ACTS = st.one_of(
    st.tuples(st.just("answer"), st.sampled_from([1, ABOUT_RIGHT, TOO_HARD, HURTS_MORE])),
    st.tuples(st.just("answer_older"), st.sampled_from([ABOUT_RIGHT, TOO_HARD])),
    st.tuples(st.just("pause"), st.sampled_from([1, 2, 4])),
    st.tuples(st.sampled_from(["resume", "repeat", "back", "leave_all", "sign_up"]), st.just(0)),
    st.tuples(st.just("time"), st.integers(0, 6)),
    st.tuples(st.just("correct"), st.integers(0, 1)),
    st.tuples(st.just("days"), st.integers(1, 9)),
    st.tuples(st.sampled_from(["plan", "send"]), st.just(0)),
)


class World:
    """Anna, her browser and the programme. What she was sent is noted down as it leaves."""

    def __init__(self, sequence: Sequence, clock: Any) -> None:
        self.sequence = sequence
        self.clock = clock
        self.client = Client()
        self.sent: dict[int, list[int]] = defaultdict(list)  # positions, by enrolment
        self.left: list[int] = []  # messages
        self.asked_again = False  # since the last mail
        self.last_word: int | None = None  # the answer to the last mail
        self.positions = {pk: n for n, pk in enumerate(plans.plan_of(sequence).steps)}

    # -------------------------------------------------------------- what people do

    def do(self, name: str, value: int) -> None:
        getattr(self, name)(value)

    @property
    def anna(self) -> Subscriber:
        return Subscriber.objects.get()

    @property
    def row(self) -> Enrolment:
        return Enrolment.objects.latest("pk")

    def presses(self, action: str, **fields: Any) -> None:
        page = links.preferences(self.anna, since=timezone.now())
        known = {"action": action, "enrolment": str(self.row.public_id)}
        response = self.client.post(here(page), {**known, **fields})
        assert response.status_code in {200, 302, 404, 422}, (action, response.status_code)

    def answer(self, number: int) -> None:
        """It counts until the next mail is planned: see `checkins`."""
        self.answers(self.left[-1:], number)
        said = CheckIn.objects.order_by("pk").last()
        if self.left and said and said.in_time:
            self.last_word = number

    def answer_older(self, number: int) -> None:
        self.answers(self.left[:-1][-1:], number)

    def answers(self, mails: list[int], number: int) -> None:
        for message in Message.objects.filter(pk__in=mails).select_related("subscriber"):
            response = self.client.post(here(links.check_in(message, number)))
            assert response.status_code in {200, 410}

    def pause(self, weeks: int) -> None:
        self.presses("pause", weeks=weeks)

    def resume(self, _: int) -> None:
        self.presses("resume")

    def repeat(self, _: int) -> None:
        self.presses("repeat")
        self.asked_again = True

    def back(self, _: int) -> None:
        self.presses("back")
        self.asked_again = True

    def time(self, weekday: int) -> None:
        zone = ("Europe/Berlin", "Pacific/Auckland", "America/New_York")[weekday % 3]
        self.presses("time", weekday=weekday, hour=weekday * 3, time_zone=zone, language="en-us")

    def correct(self, pregnant: int) -> None:
        self.presses("data", tags=["pregnant"] * pregnant, tags_shown="yes")

    def leave_all(self, _: int) -> None:
        self.client.post(here(links.unsubscribe(self.anna)))
        assert not Enrolment.objects.filter(state__in=RUNNING).exists()

    def sign_up(self, _: int) -> None:
        body = {
            "address": ANNA.address,
            "programme": self.sequence.translation_key.hex,
            "consent": True,
            "consent_number": ConsentText.current("en-us").number,
        }
        self.client.post("/api/v1/signup/", json.dumps(body), content_type="application/json")
        asked = Consent.objects.filter(action=ConsentAction.REQUESTED).last()
        if asked:
            until = timezone.now() + timedelta(days=7)
            url = links.make(Purpose.CONFIRM, asked.public_id, expires=until)
            assert self.client.post(here(url)).status_code in {200, 404}

    # -------------------------------------------------------------- what the machine does

    def days(self, number: int) -> None:
        self.clock.shift(timedelta(days=number))

    def wait(self) -> None:
        """Until the next mail is due. A worker looks all day long, so it never misses the hours
        that somebody has chosen; a world that only ever looked at breakfast would."""
        due_at = self.row.due_at
        if due_at is not None and due_at > timezone.now():
            self.clock.move_to(due_at + timedelta(minutes=1))
        else:
            self.clock.shift(timedelta(hours=1))

    def plan(self, _: int) -> None:
        due.claim(timezone.now())

    def send(self, _: int) -> None:
        """As a sender does, without the relay."""
        self.plan(0)
        token = uuid4()
        batch = outbox.claim(PROGRAMME, token=token, limit=9)
        passed = outbox.fence(batch, token=token)
        gone = [message for message in batch if message.pk in passed]
        for message in gone:
            message.submitted_at = timezone.now()  # the database's clock does not travel
        outbox.record([Outcome(one, GONE_OUT) for one in gone], token=token, plans=plans.Plans())
        for message in gone:
            self.note(message)
        outbox.release([one for one in batch if one.pk not in passed], token=token)

    def note(self, message: Message) -> None:
        """What leaves must be the next week, or one that somebody, or silence, has asked for."""
        version = message.step_version
        assert version is not None
        assert message.enrolment_id is not None
        position = self.positions[version.step_id]
        before = self.sent[message.enrolment_id]
        assert message.pk not in self.left, "the same mail left twice"
        if not before:
            assert position == 0, "the beginning is lost"
        else:
            assert position <= before[-1] + 1, "a week is lost"
            silent = self.last_word is None
            wanted = self.asked_again or silent or self.last_word in {TOO_HARD, HURTS_MORE}
            assert position > before[-1] or wanted, "a week came again and nobody asked for it"
        before.append(position)
        self.left.append(message.pk)
        self.asked_again, self.last_word = False, None

    def ends(self) -> None:
        """From now on she answers that it was right, and goes on wherever she can."""
        for _round in range(LONGEST):
            if not Enrolment.objects.filter(state__in=RUNNING).exists():
                return
            if self.left:
                self.answer(ABOUT_RIGHT)
            self.resume(0)
            self.wait()
            self.send(0)
        raise AssertionError(f"it never ends: {self.row.state} {self.row.reason}")


def here(url: str) -> str:
    return url.removeprefix(installation.SITE_URL)


@pytest.fixture
def sequence(monkeypatch: pytest.MonkeyPatch) -> Sequence:
    monkeypatch.setattr(evenly, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(limits.Away, "until", float("inf"))
    weeks = [step(text(), checkin(), wait_days=7 * bool(week)) for week in range(WEEKS)]
    return published_sequence(steps=weeks)


@settings(
    max_examples=max(10, settings.default.max_examples // 10) if settings.default else 10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(ACTS, max_size=14))
@example(acts=[("plan", 0), ("pause", 1), ("resume", 0), ("send", 0)])
@example(acts=[("send", 0), ("answer", ABOUT_RIGHT), ("days", 9), ("plan", 0), ("correct", 1)])
@example(acts=[("send", 0), ("answer", TOO_HARD), ("answer", ABOUT_RIGHT), ("days", 9)])
@example(acts=[("send", 0), ("days", 9), ("send", 0), ("back", 0), ("answer", ABOUT_RIGHT)])
@example(acts=[("days", 7), ("send", 0), ("plan", 0)])
@example(acts=[("send", 0), ("days", 7), ("plan", 0)])
@example(acts=[("send", 0), ("leave_all", 0), ("sign_up", 0), ("send", 0), ("back", 0)])
def test_no_mail_twice_no_week_again_unasked_and_none_lost(
    sequence: Sequence, acts: list[tuple[str, int]]
) -> None:
    with transaction.atomic(), time_machine.travel(timezone.now() + timedelta(hours=1)) as clock:
        ANNA.joins(consent=ConsentAction.REQUESTED)
        world = World(sequence, clock)
        world.sign_up(0)

        for act in acts:
            world.do(*act)
        world.ends()

        planned = Message.objects.filter(kind=MessageKind.PROGRAMME)
        turns = list(planned.values_list("enrolment", "turn"))
        assert len(turns) == len(set(turns))
        for row in Enrolment.objects.filter(state=EnrolmentState.FINISHED):
            assert set(world.sent[row.pk]) == set(range(WEEKS)), "a week is lost"
        transaction.set_rollback(True)
