"""Planning: who is due gets exactly one mail, by the plan that is live."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from nurture import due, outbox, whose_turn
from nurture.domain.schedule import Window
from nurture.domain.states import EnrolmentState, MessageState, Reason
from nurture.models import Enrolment, Message, Sequence, StepVersion
from nurture.plans import Plans
from tests.cast import ANNA, BEN, CLARA
from tests.factories import (
    ALWAYS,
    SubscriberFactory,
    edited,
    publish,
    published_sequence,
    raw_steps,
    waiting,
)
from tests.faults.people import crowd
from tests.nurture.steps import at_once, enrolled

MONDAY = datetime(2027, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@pytest.fixture
def sequence(db: None) -> Sequence:
    return published_sequence(steps=3, wait_days=7)


def is_over(message: Message, *, at: datetime) -> None:
    """The mail was accepted, and the programme moved on, as sending does it."""
    Message.objects.filter(pk=message.pk).update(state=MessageState.ACCEPTED)
    rows = Message.objects.select_related("subscriber", "enrolment")
    outbox.conclude([(rows.get(pk=message.pk), at)], MessageState.ACCEPTED, Plans())


def test_the_first_mail_is_planned_with_its_place_in_the_programme(sequence: Sequence) -> None:
    row = enrolled(ANNA.joins(), sequence, now=MONDAY)

    planned = due.claim(MONDAY)

    message = Message.objects.get()
    row.refresh_from_db()
    first = sequence.compiled_steps.order_by("position")[0]
    assert planned == 1
    assert (message.enrolment, message.turn) == (row, 1)
    assert message.step_version == first.versions.get()
    assert message.address == ANNA.address
    assert (message.state, message.planned_for) == (MessageState.QUEUED, MONDAY)
    assert message.expires_at == MONDAY + 4 * DAY
    assert (row.turn, row.last_step, row.due_at) == (1, first, None)


def test_nobody_gets_a_mail_before_it_is_due(db: None) -> None:
    mornings = Window(opens=time(9), closes=time(17))
    enrolled(ANNA.joins(), published_sequence(steps=1, window=mornings), now=MONDAY)

    before = due.claim(MONDAY + timedelta(hours=1, minutes=59))
    then = due.claim(MONDAY + timedelta(hours=2))  # nine in New York

    assert (before, then) == (0, 1)


def test_each_is_due_by_their_own_clock(db: None) -> None:
    mondays = published_sequence(
        steps=1, window=Window(frozenset({0}), opens=time(9), closes=time(17))
    )
    start = MONDAY - 2 * DAY

    rows = [enrolled(person.joins(), mondays, now=start) for person in (ANNA, BEN, CLARA)]

    assert [row.due_at for row in rows] == [
        datetime(2027, 3, 1, 14, tzinfo=UTC),
        datetime(2027, 3, 1, 8, tzinfo=UTC),
        datetime(2027, 2, 28, 20, tzinfo=UTC),  # a Sunday in London
    ]


def test_an_open_mail_keeps_the_next_one_from_being_planned(sequence: Sequence) -> None:
    enrolled(ANNA.joins(), sequence, now=MONDAY)
    due.claim(MONDAY)

    later = due.claim(MONDAY + 52 * WEEK)

    assert later == 0
    assert Message.objects.count() == 1


def test_the_wait_counts_from_the_day_on_which_the_last_mail_went_out(sequence: Sequence) -> None:
    row = enrolled(ANNA.joins(), sequence, now=MONDAY)
    due.claim(MONDAY)

    is_over(Message.objects.get(), at=MONDAY + 2 * DAY)

    row.refresh_from_db()
    assert row.due_at == datetime(2027, 3, 10, 5, tzinfo=UTC)  # midnight in New York


def test_a_late_tick_plans_the_same_mail(sequence: Sequence) -> None:
    enrolled(ANNA.joins(), sequence, now=MONDAY)

    planned = due.claim(MONDAY + 3 * DAY)

    message = Message.objects.get()
    assert planned == 1
    assert message.planned_for == MONDAY
    assert message.expires_at == MONDAY + 7 * DAY


def test_the_newest_version_is_sent(sequence: Sequence) -> None:
    enrolled(ANNA.joins(), sequence, now=MONDAY)
    first, *others = raw_steps(sequence)
    first = {**first, "value": {**first["value"], "subject": "New words"}}
    edited(sequence, steps=[first, *others])

    due.claim(MONDAY)

    version = Message.objects.get().step_version
    assert version is not None
    assert (version.number, version.subject) == (2, "New words")


def test_a_shorter_wait_is_followed_before_anything_is_planned(sequence: Sequence) -> None:
    row = enrolled(ANNA.joins(), sequence, now=MONDAY)
    due.claim(MONDAY)
    is_over(Message.objects.get(), at=MONDAY)
    first, second, third = raw_steps(sequence)
    second = {**second, "value": {**second["value"], "wait": waiting(2)}}
    live = edited(sequence, steps=[first, second, third])

    planned = due.claim(MONDAY + 2 * DAY)

    row.refresh_from_db()
    assert planned == 1
    assert (row.turn, row.plan_number) == (2, live.plan_number)


def test_a_longer_wait_keeps_back_what_was_due_by_the_old_plan(sequence: Sequence) -> None:
    row = enrolled(ANNA.joins(), sequence, now=MONDAY)
    due.claim(MONDAY)
    is_over(Message.objects.get(), at=MONDAY)
    first, second, third = raw_steps(sequence)
    second = {**second, "value": {**second["value"], "wait": waiting(10)}}
    edited(sequence, steps=[first, second, third])

    planned = due.claim(MONDAY + 8 * DAY)

    row.refresh_from_db()
    assert planned == 0
    assert row.due_at == datetime(2027, 3, 11, 5, tzinfo=UTC)


def test_who_waited_for_a_removed_step_moves_on_to_the_next(sequence: Sequence) -> None:
    row = enrolled(ANNA.joins(), sequence, now=MONDAY)
    due.claim(MONDAY)
    is_over(Message.objects.get(), at=MONDAY)
    first, _second, third = raw_steps(sequence)
    edited(sequence, steps=[first, third])

    planned = due.claim(MONDAY + 8 * DAY)

    row.refresh_from_db()
    assert planned == 1
    assert row.last_step is not None
    assert str(row.last_step.key) == third["id"]


def test_a_programme_whose_rest_was_removed_is_finished(sequence: Sequence) -> None:
    row = enrolled(ANNA.joins(), sequence, now=MONDAY)
    due.claim(MONDAY)
    is_over(Message.objects.get(), at=MONDAY)
    edited(sequence, steps=raw_steps(sequence)[:1])

    planned = due.claim(MONDAY + 8 * DAY)

    row.refresh_from_db()
    assert planned == 0
    assert (row.state, row.due_at, row.next_step) == (EnrolmentState.FINISHED, None, None)


def test_an_edit_never_makes_a_mail_due_in_the_past(sequence: Sequence) -> None:
    row = enrolled(ANNA.joins(), sequence, now=MONDAY)
    publish(sequence)

    due.follow_the_plan(MONDAY + 3 * DAY, limit=10)

    row.refresh_from_db()
    assert row.due_at == MONDAY + 3 * DAY


def test_a_sequence_that_is_not_published_is_frozen_and_goes_on_where_it_was(
    sequence: Sequence,
) -> None:
    enrolled(ANNA.joins(), sequence, now=MONDAY)
    sequence.unpublish()
    frozen = due.claim(MONDAY + DAY)
    publish(sequence)

    planned = due.claim(MONDAY + 2 * DAY)

    assert (frozen, planned) == (0, 1)


@pytest.mark.parametrize(
    "state", [EnrolmentState.PAUSED, EnrolmentState.HELD, EnrolmentState.STOPPED]
)
def test_who_is_paused_held_or_stopped_gets_nothing(
    sequence: Sequence, state: EnrolmentState
) -> None:
    enrolled(ANNA.joins(), sequence, now=MONDAY)
    Enrolment.objects.update(state=state)

    planned = due.claim(MONDAY)

    assert planned == 0
    assert not Message.objects.exists()


def test_a_step_without_any_text_is_held_and_stops_nobody_else(sequence: Sequence) -> None:
    unlucky = enrolled(ANNA.joins(), sequence, now=MONDAY)
    StepVersion.objects.all().delete()
    other = enrolled(BEN.joins(), published_sequence(steps=1), now=MONDAY)

    planned = due.claim(MONDAY)

    unlucky.refresh_from_db()
    assert planned == 1
    assert Message.objects.get().enrolment == other
    assert (unlucky.state, unlucky.reason) == (EnrolmentState.HELD, Reason.CANNOT_COMPOSE)


def test_no_more_are_planned_than_was_asked_for_and_the_oldest_come_first(
    sequence: Sequence,
) -> None:
    people = [SubscriberFactory.create() for _number in range(5)]
    rows = [enrolled(p, sequence, now=MONDAY - n * DAY) for n, p in enumerate(people)]

    planned = due.claim(MONDAY, limit=2)

    assert planned == 2
    assert {row.enrolment for row in Message.objects.all()} == {rows[4], rows[3]}


@pytest.mark.parametrize("people", [1, 20])
def test_planning_asks_the_database_as_often_for_twenty_as_for_one(
    sequence: Sequence, people: int
) -> None:
    for _number in range(people):
        enrolled(SubscriberFactory.create(), sequence, now=MONDAY)

    with CaptureQueriesContext(connection) as queries:
        due.claim(MONDAY)

    assert len(queries) <= 26


def test_two_who_plan_at_once_never_plan_the_same_turn(committed: None) -> None:
    sequence = published_sequence(steps=1, window=ALWAYS)
    for _number in range(60):
        enrolled(SubscriberFactory.create(), sequence, now=MONDAY)

    planned = at_once([lambda: sum(iter(lambda: due.claim(MONDAY, limit=7), 0))] * 4)

    assert sum(planned) == 60
    assert Message.objects.count() == 60
    assert Message.objects.values("enrolment").distinct().count() == 60


def test_planning_beside_a_publication_ends_with_everybody_on_the_live_plan(
    committed: None,
) -> None:
    sequence = published_sequence(steps=2)
    for _number in range(20):
        enrolled(SubscriberFactory.create(), sequence, now=MONDAY)

    at_once([lambda: publish(sequence) and 0, lambda: due.claim(MONDAY, limit=5)])
    while due.claim(MONDAY):
        pass

    assert Message.objects.values("enrolment").distinct().count() == Message.objects.count() == 20


# ------------------------------------------------------------------ among very many


@pytest.mark.parametrize("question", [whose_turn.DUE, whose_turn.SILENT])
@pytest.mark.parametrize("analysed", ["nurture_enrolment", "nurture_enrolment, nurture_sequence"])
def test_a_thousand_are_found_without_reading_all_that_are_due(
    db: None, question: str, analysed: str
) -> None:
    """It walks the index and sorts nothing, also while little is known about sequences."""
    crowd(3_000, published_sequence(steps=2), planned=False)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {analysed}")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE asked(timestamptz, int) AS {with_numbers(question)}")
        cursor.execute("EXPLAIN EXECUTE asked(now(), 1000)")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("DEALLOCATE asked")

    assert "enrolment_at_its_time" in plan
    assert "Sort" not in plan


def with_numbers(question: str) -> str:
    return question.replace("%(now)s", "$1").replace("%(limit)s", "$2")


def test_edits_of_several_sequences_are_followed_in_one_look(db: None) -> None:
    sequences = [published_sequence(steps=2, title=f"Steady {number}") for number in range(3)]
    anna = ANNA.joins()
    rows = [enrolled(anna, one, now=MONDAY) for one in sequences]
    Sequence.objects.filter(pk__in=[one.pk for one in sequences[1:]]).update(plan_number=9)

    due.follow_the_plan(MONDAY, limit=10)

    for row in rows:
        row.refresh_from_db()
    assert [row.plan_number for row in rows] == [sequences[0].plan_number, 9, 9]


def test_whoever_was_dated_by_a_plan_that_is_no_more_is_dated_anew(db: None) -> None:
    """After a restored sequence, say: a number that is too high is no better than an old one."""
    row = enrolled(ANNA.joins(), published_sequence(steps=2), now=MONDAY)
    Enrolment.objects.update(plan_number=99)

    due.follow_the_plan(MONDAY, limit=10)

    row.refresh_from_db()
    assert row.plan_number == row.sequence.plan_number
