"""Pausing, resuming, repeating, going back: a programme at a person's own pace."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import QuerySet

from nurture import due, enrolment, outbox, sending
from nurture.domain import conditions
from nurture.domain.conditions import Answered
from nurture.domain.states import EnrolmentState, MessageState, Reason
from nurture.models import CheckIn, Enrolment, Message, Sequence, Step, Subscriber
from nurture.plans import Plans
from tests import smtp
from tests.cast import ANNA
from tests.factories import published_sequence, step, waiting
from tests.nurture.steps import elsewhere, enrolled, planned
from tests.smtp import Phase

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)
WEEK = 7 * DAY
NEXT_MONDAY = datetime(2027, 3, 8, 5, tzinfo=UTC)  # begins in New York


@pytest.fixture
def sequence(db: None) -> Sequence:
    return published_sequence(steps=4, wait_days=7)


def steps(sequence: Sequence) -> list[Step]:
    return list(sequence.compiled_steps.order_by("position"))


def goes_out(row: Enrolment, *, at: datetime) -> Message:
    """The mail that is due is planned and accepted."""
    assert due.claim(at) == 1
    message = Message.objects.select_related("subscriber", "enrolment").latest("turn")
    concluded(message, at=at)
    row.refresh_from_db()
    return message


def concluded(
    message: Message, *, at: datetime, state: MessageState = MessageState.ACCEPTED
) -> None:
    Message.objects.filter(pk=message.pk).update(state=state)
    outbox.conclude([(message, at)], state, Plans())


@pytest.fixture
def row(sequence: Sequence) -> Enrolment:
    """Anna had the first mail on Monday; the second is due a week later."""
    enrolment_of_anna = enrolled(ANNA.joins(), sequence, now=NOON)
    goes_out(enrolment_of_anna, at=NOON)
    return enrolment_of_anna


def rows(row: Enrolment) -> "QuerySet[Enrolment]":
    return Enrolment.objects.filter(pk=row.pk)


def test_nothing_is_planned_during_a_pause(row: Enrolment) -> None:
    enrolment.pause(rows(row))

    assert due.claim(NOON + 5 * WEEK) == 0


def test_a_mail_that_waits_in_the_outbox_is_taken_back_by_a_pause(row: Enrolment) -> None:
    due.claim(NOON + WEEK)

    enrolment.pause(rows(row))

    message = Message.objects.latest("turn")
    assert (message.state, message.reason) == (MessageState.CANCELLED, Reason.PAUSED)


def test_a_mail_that_was_taken_back_is_planned_again_after_the_pause(
    row: Enrolment, sequence: Sequence
) -> None:
    due.claim(NOON + WEEK)
    enrolment.pause(rows(row))

    enrolment.resume(rows(row), now=NOON + 3 * WEEK)

    row.refresh_from_db()
    assert row.state == EnrolmentState.ACTIVE
    assert row.next_step == steps(sequence)[1]
    assert row.due_at == NOON + 3 * WEEK


def test_a_pause_with_an_end_ends_by_itself(row: Enrolment, sequence: Sequence) -> None:
    enrolment.pause(rows(row), until=NOON + 3 * WEEK)

    early, then = due.claim(NOON + 2 * WEEK), due.claim(NOON + 3 * WEEK)

    assert (early, then) == (0, 1)
    assert Message.objects.latest("turn").step_version.step == steps(sequence)[1]  # type: ignore[union-attr]


def test_a_repeated_step_comes_when_the_next_would_have_come(
    row: Enrolment, sequence: Sequence
) -> None:
    welcome, week_one, *_later = steps(sequence)

    enrolment.repeat(row, welcome, now=NOON + DAY)

    row.refresh_from_db()
    assert row.next_step == welcome
    assert row.due_at == NEXT_MONDAY
    assert row.timed_by == week_one


def test_after_a_repeated_step_the_programme_goes_on(row: Enrolment, sequence: Sequence) -> None:
    enrolment.repeat(row, steps(sequence)[0], now=NOON + DAY)
    goes_out(row, at=NOON + WEEK)

    assert row.next_step == steps(sequence)[1]
    assert row.timed_by is None


def test_an_answer_takes_back_the_mail_that_it_makes_wrong(
    row: Enrolment, sequence: Sequence
) -> None:
    due.claim(NOON + WEEK)

    enrolment.repeat(row, steps(sequence)[0], now=NOON + WEEK)

    row.refresh_from_db()
    message = Message.objects.latest("turn")
    assert (message.state, message.reason) == (MessageState.CANCELLED, Reason.SUPERSEDED)
    assert row.next_step == steps(sequence)[0]


def test_a_step_back_goes_on_from_there(row: Enrolment, sequence: Sequence) -> None:
    goes_out(row, at=NOON + WEEK)
    goes_out(row, at=NOON + 2 * WEEK)

    enrolment.step_back(row, steps(sequence)[1], now=NOON + 2 * WEEK + DAY)
    again = goes_out(row, at=NOON + 3 * WEEK)

    assert again.step_version
    assert again.step_version.step == steps(sequence)[1]
    assert row.next_step == steps(sequence)[2]


def test_an_edit_does_not_bring_a_repeated_step_forward(row: Enrolment, sequence: Sequence) -> None:
    enrolment.repeat(row, steps(sequence)[0], now=NOON + DAY)
    Sequence.objects.update(plan_number=99)

    due.claim(NOON + DAY)

    row.refresh_from_db()
    assert row.plan_number == 99
    assert row.due_at == NEXT_MONDAY


def test_a_paused_programme_can_be_set_back_and_stays_paused(
    row: Enrolment, sequence: Sequence
) -> None:
    enrolment.pause(rows(row))

    enrolment.step_back(row, steps(sequence)[0], now=NOON + DAY)
    enrolment.resume(rows(row), now=NOON + 4 * WEEK)

    row.refresh_from_db()
    assert row.next_step == steps(sequence)[0]
    assert row.due_at == NOON + 4 * WEEK


def test_who_moves_or_chooses_an_hour_is_dated_again(row: Enrolment) -> None:
    Subscriber.objects.update(hour=18)

    enrolment.reschedule(rows(row), now=NOON + DAY)

    row.refresh_from_db()
    assert row.due_at
    assert row.due_at.astimezone(row.subscriber.zone).hour == 18


def test_a_programme_waits_for_a_date_and_goes_on_when_it_is_given(db: None) -> None:
    wait = waiting(0, after="date", date_name="surgery")
    sequence = published_sequence(steps=[step(), step(wait=wait)], asks=["surgery"])
    row = enrolled(ANNA.joins(), sequence, now=NOON)
    goes_out(row, at=NOON)
    held = (row.state, row.reason)

    enrolment.change_date(row.subscriber, "surgery", date(2027, 4, 1), now=NOON + DAY)

    row.refresh_from_db()
    assert held == (EnrolmentState.HELD, Reason.DATE_MISSING)
    assert row.state == EnrolmentState.ACTIVE
    assert row.due_at
    assert row.due_at.astimezone(row.subscriber.zone).date() == date(2027, 4, 1)


def test_a_failed_mail_of_a_skippable_step_does_not_hold_the_programme(db: None) -> None:
    sequence = published_sequence(steps=[step(skippable=True), step(wait_days=7)])
    row = enrolled(ANNA.joins(), sequence, now=NOON)
    due.claim(NOON)
    message = Message.objects.select_related("subscriber", "enrolment").get()

    concluded(message, at=NOON, state=MessageState.FAILED)

    row.refresh_from_db()
    assert row.state == EnrolmentState.ACTIVE
    assert row.next_step == steps(sequence)[1]


def test_a_held_programme_repeats_the_mail_that_failed(row: Enrolment, sequence: Sequence) -> None:
    due.claim(NOON + WEEK)
    message = Message.objects.select_related("subscriber", "enrolment").latest("turn")
    concluded(message, at=NOON + WEEK, state=MessageState.FAILED)

    enrolment.resume(rows(row), now=NOON + 2 * WEEK)

    row.refresh_from_db()
    assert (row.state, row.next_step) == (EnrolmentState.ACTIVE, steps(sequence)[1])


def test_a_held_programme_can_go_on_after_the_mail_that_failed(
    row: Enrolment, sequence: Sequence
) -> None:
    due.claim(NOON + WEEK)
    message = Message.objects.select_related("subscriber", "enrolment").latest("turn")
    concluded(message, at=NOON + WEEK, state=MessageState.FAILED)

    enrolment.skip(rows(row), now=NOON + 2 * WEEK)

    row.refresh_from_db()
    assert (row.state, row.next_step) == (EnrolmentState.ACTIVE, steps(sequence)[2])


def test_a_step_for_those_who_answered_so_is_passed_over_by_others(db: None) -> None:
    sequence = published_sequence(steps=3, wait_days=7)
    first, second, third = steps(sequence)
    only = [Answered(first.key, frozenset({"too_hard"}))]
    Step.objects.filter(pk=second.pk).update(conditions=conditions.as_json(only))
    row = enrolled(ANNA.joins(), sequence, now=NOON)
    message = goes_out(row, at=NOON)

    silent = row.next_step
    CheckIn.objects.create(
        message=message, answer="too_hard", does="advance", because="answered", in_time=True
    )
    enrolment.reschedule(rows(row), now=NOON + DAY)

    row.refresh_from_db()
    assert (silent, row.next_step) == (third, second)


@pytest.mark.parametrize("verb", ["pause", "stop"])
def test_who_says_so_while_the_mail_is_at_the_door_gets_no_body(
    committed: None, relay: smtp.Relay, verb: str
) -> None:
    message = planned(ANNA.joins(), published_sequence(steps=2))
    row = Enrolment.objects.get()

    relay.before(Phase.DATA, lambda: elsewhere(lambda: act(row.pk, verb)))

    sending.send_claimed(sending.PROGRAMME)

    message.refresh_from_db()
    assert message.state == MessageState.CANCELLED
    assert not relay.mails


def act(pk: int, verb: str) -> None:
    with transaction.atomic():
        if verb == "pause":
            enrolment.pause(Enrolment.objects.filter(pk=pk))
        else:
            enrolment.stop(Enrolment.objects.filter(pk=pk), reason=Reason.STOPPED)
