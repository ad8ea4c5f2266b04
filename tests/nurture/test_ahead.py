"""The calendar of what will go out is right for the people who are underway."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from nurture import due, outbox
from nurture.authoring import ahead
from nurture.domain.states import MessageState
from nurture.models import Message, Sequence
from nurture.plans import Plans
from tests.cast import ANNA
from tests.factories import edited, published_sequence, raw_steps, step, waiting
from tests.nurture.steps import enrolled

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def goes_out(at: datetime) -> None:
    assert due.claim(at) == 1
    message = Message.objects.select_related("subscriber", "enrolment").latest("turn")
    Message.objects.filter(pk=message.pk).update(state=MessageState.ACCEPTED, closed_at=at)
    outbox.conclude([(message, at)], MessageState.ACCEPTED, Plans())


def counted(now: datetime) -> list[tuple[int, int, int]]:
    """On which day from today how many are planned, and how many are likely."""
    days = enumerate(ahead.calendar(now))
    return [
        (number, day.next.total(), day.likely.total())
        for number, day in days
        if day.next or day.likely
    ]


def moved_to_the_end(sequence: Sequence, name: str) -> None:
    steps = raw_steps(sequence)
    moved = next(one for one in steps if one["value"]["name"] == name)
    rest = [one for one in steps if one is not moved]
    later = {**moved, "value": {**moved["value"], "wait": waiting(7)}}
    edited(sequence, steps=[*rest, later])


def test_what_somebody_had_before_an_edit_is_not_counted_again(now: datetime) -> None:
    steps = [step(name=f"week {n}", wait_days=7) for n in range(1, 5)]
    sequence = published_sequence(steps=steps)
    enrolled(ANNA.joins(), sequence, now=now)
    goes_out(now + 7 * DAY)
    goes_out(now + 14 * DAY)

    moved_to_the_end(sequence, "week 1")
    due.follow_the_plan(now + 14 * DAY, limit=10)

    assert counted(now + 14 * DAY) == [(7, 1, 0), (14, 0, 1)]


def test_a_step_for_others_is_not_counted_and_one_that_will_be_for_them_is(now: datetime) -> None:
    weeks = {"date_name": "birth", "at_least": None, "less_than": None}
    early = {"type": "weeks_since", "value": {**weeks, "less_than": 1}}
    late = {"type": "weeks_since", "value": {**weeks, "at_least": 1}}
    steps = [
        step(name="first"),
        step(name="second", wait_days=7),
        step(name="late", wait_days=7, conditions=[late]),
        step(name="early", wait_days=7, conditions=[early]),
    ]
    sequence = published_sequence(steps=steps, asks=["birth"])

    enrolled(ANNA.joins(dates={"birth": now.date().isoformat()}), sequence, now=now)

    assert counted(now) == [(0, 1, 0), (7, 0, 1), (14, 0, 1)]


def test_a_mail_that_waits_in_the_outbox_is_counted_with_those_behind_it(now: datetime) -> None:
    enrolled(ANNA.joins(), published_sequence(steps=3, wait_days=7), now=now)
    due.claim(now)

    assert counted(now) == [(0, 1, 0), (7, 0, 1), (14, 0, 1)]
