"""Rows edited by hand, and nonsense of others: a named state for each, and nobody else waits."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from nurture import checkins, due, enrolment, events, sending
from nurture.consent import Gone
from nurture.domain.states import (
    EnrolmentState,
    EventKind,
    MessageState,
    Reason,
)
from nurture.events import Report
from nurture.models import Enrolment, Event, Message, Sequence, StepVersion, Subscriber
from nurture.sweep import sweep
from tests import smtp
from tests.cast import ANNA, BEN
from tests.factories import checkin, published_sequence, step, text
from tests.nurture.steps import enrolled

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def sequence() -> Sequence:
    return published_sequence(steps=3)


def goes_out(relay: smtp.Relay) -> None:
    due.claim(due.now())
    sending.send_claimed(sending.PROGRAMME)


def by_hand(row: Enrolment, **columns: object) -> None:
    """What an administrator of the database writes, past all code."""
    Enrolment.objects.filter(pk=row.pk).update(**columns)


def is_held(row: Enrolment) -> bool:
    row.refresh_from_db()
    return (row.state, row.reason) == (EnrolmentState.HELD, Reason.IMPOSSIBLE)


def test_a_programme_without_a_date_and_without_a_mail_is_found(sequence: Sequence) -> None:
    row = enrolled(ANNA.joins(), sequence)
    by_hand(row, due_at=None)

    swept = sweep()

    assert swept.impossible == 1
    assert is_held(row)


def test_a_turn_that_was_set_back_stops_nobody_else(sequence: Sequence, relay: smtp.Relay) -> None:
    row = enrolled(ANNA.joins(), sequence)
    goes_out(relay)
    by_hand(row, turn=0, due_at=timezone.now() - DAY)
    other = enrolled(BEN.joins(), sequence)

    sweep()
    goes_out(relay)

    other.refresh_from_db()
    assert is_held(row)
    assert other.turn == 1
    assert len(relay.mails) == 2


def test_a_step_of_another_sequence_is_not_sent(sequence: Sequence, relay: smtp.Relay) -> None:
    foreign = published_sequence(steps=1, title="Another").compiled_steps.earliest("position")
    row = enrolled(ANNA.joins(), sequence)
    by_hand(row, next_step=foreign)

    sweep()
    goes_out(relay)

    assert is_held(row)
    assert not relay.mails


def test_a_date_beside_an_open_mail_goes_until_that_is_closed(
    sequence: Sequence, relay: smtp.Relay
) -> None:
    row = enrolled(ANNA.joins(), sequence)
    due.claim(due.now())
    by_hand(row, due_at=timezone.now() - DAY)

    sweep()
    goes_out(relay)

    row.refresh_from_db()
    assert row.state == EnrolmentState.ACTIVE
    assert row.due_at is not None
    assert row.due_at > timezone.now()
    assert len(relay.mails) == 1


def test_a_mail_at_the_relay_that_an_answer_has_overtaken_is_no_reason_to_stop(
    sequence: Sequence, relay: smtp.Relay
) -> None:
    """Its outcome moves nothing any more, so the new date has to stay."""
    row = enrolled(ANNA.joins(), sequence)
    goes_out(relay)
    first = sequence.compiled_steps.earliest("position")
    later = timezone.now() + 8 * DAY
    due.claim(later)
    Message.objects.filter(turn=2).update(
        state=MessageState.SUBMITTING, lease_token=uuid4(), lease_until=later
    )
    enrolment.repeat(row, first, now=later)
    by_hand(row, due_at=timezone.now() - DAY)

    swept = sweep()

    row.refresh_from_db()
    assert swept.impossible == 0
    assert (row.state, row.turn) == (EnrolmentState.ACTIVE, 3)
    assert row.due_at is not None


def test_a_person_puts_it_right_and_it_goes_on(sequence: Sequence) -> None:
    row = enrolled(ANNA.joins(), sequence)
    by_hand(row, due_at=None)
    sweep()

    enrolment.resume(Enrolment.objects.all(), now=timezone.now())

    row.refresh_from_db()
    assert row.state == EnrolmentState.ACTIVE
    assert row.due_at is not None


def test_what_makes_sense_is_left_alone(sequence: Sequence, relay: smtp.Relay) -> None:
    enrolled(ANNA.joins(), sequence)
    enrolled(BEN.joins(), sequence)
    due.claim(due.now(), limit=1)

    assert sweep().impossible == 0


@pytest.mark.parametrize("zone", ["Mars/Phobos", "", "../etc/passwd"])
def test_a_zone_that_does_not_exist_is_the_practices(
    sequence: Sequence, relay: smtp.Relay, zone: str
) -> None:
    anna = ANNA.joins()
    enrolled(anna, sequence)
    Subscriber.objects.filter(pk=anna.pk).update(time_zone=zone)
    enrolled(BEN.joins(), sequence)

    goes_out(relay)

    assert len(relay.mails) == 2


@pytest.mark.parametrize("nonsense", ["soon", "2026-02-31", 7, None])
def test_what_is_no_date_is_a_date_that_is_missing(db: None, nonsense: object) -> None:
    by_date = step(wait={"count": 1, "unit": "days", "after": "date", "date_name": "surgery"})
    anna = ANNA.joins(dates={"surgery": nonsense})

    row = enrolled(anna, published_sequence(steps=[by_date], asks=["surgery"]))

    assert (row.state, row.reason) == (EnrolmentState.HELD, Reason.DATE_MISSING)


BROKEN = [
    [{"kind": "horoscope"}],
    [{"kind": "weeks_since", "date_name": "birth", "at_least": "six", "less_than": None}],
    ["language"],
    {"kind": 1},
    7,
]


@pytest.mark.parametrize("conditions", BROKEN)
def test_a_step_that_says_for_whom_in_nonsense_holds_its_own_people_only(
    sequence: Sequence, relay: smtp.Relay, conditions: object
) -> None:
    row, other = enrolled(ANNA.joins(), sequence), enrolled(BEN.joins(), another())
    sequence.compiled_steps.filter(position=1).update(conditions=conditions)
    goes_out(relay)

    row.refresh_from_db()
    other.refresh_from_db()
    assert len(relay.mails) == 2
    assert is_held(row)
    assert other.state == EnrolmentState.ACTIVE


def test_a_wait_in_nonsense_holds_and_who_puts_it_right_lets_it_go_on(
    sequence: Sequence, relay: smtp.Relay
) -> None:
    row = enrolled(ANNA.joins(), sequence)
    sequence.compiled_steps.filter(position=1).update(wait_unit="fortnight")
    goes_out(relay)
    assert is_held(row)

    sequence.compiled_steps.filter(position=1).update(wait_unit="days")
    enrolment.resume(Enrolment.objects.all(), now=timezone.now())

    row.refresh_from_db()
    assert row.state == EnrolmentState.ACTIVE
    assert row.due_at is not None


def test_a_plan_that_was_broken_meanwhile_holds_those_who_are_planned_anew(
    sequence: Sequence, relay: smtp.Relay
) -> None:
    row, other = enrolled(ANNA.joins(), sequence), enrolled(BEN.joins(), another())
    sequence.compiled_steps.filter(position=0).update(conditions=["?"])
    Sequence.objects.update(plan_number=9)

    goes_out(relay)

    other.refresh_from_db()
    assert is_held(row)
    assert (other.turn, len(relay.mails)) == (1, 1)


@pytest.mark.parametrize("rules", [{"answers": "?"}, {"answers": []}, ["?"], "?", 7])
def test_rules_in_nonsense_hold_when_they_are_asked_and_stop_nobody_else(
    relay: smtp.Relay, rules: object
) -> None:
    row = enrolled(ANNA.joins(), asking())
    other = enrolled(BEN.joins(), asking())
    goes_out(relay)
    asked = row.messages.get()
    StepVersion.objects.filter(messages=asked).update(checkin=rules)
    later = timezone.now() + 8 * DAY

    with pytest.raises(Gone):
        checkins.record(asked.public_id, 1, now=later, source="link")
    due.claim(later)

    other.refresh_from_db()
    assert is_held(row)
    assert other.turn == 2


def test_slots_in_nonsense_wait_for_a_person(sequence: Sequence, relay: smtp.Relay) -> None:
    row, other = enrolled(ANNA.joins(), sequence), enrolled(BEN.joins(), another())
    StepVersion.objects.filter(step__sequence=sequence).update(slots=[["?"]])

    goes_out(relay)

    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.state, row.reason) == (EnrolmentState.HELD, Reason.CONTRAINDICATED)
    assert other.turn == 1


def another() -> Sequence:
    return published_sequence(steps=3, title="Another")


def asking() -> Sequence:
    """It asks, and silence leads on."""
    first = step(text(), checkin(silence="advance"), name="week 1")
    return published_sequence(steps=[first, step(name="week 2", wait_days=7)])


def test_a_mail_that_was_put_off_beyond_its_week_expires(sequence: Sequence) -> None:
    row = enrolled(ANNA.joins(), sequence)
    due.claim(due.now())
    now = timezone.now()
    Message.objects.update(next_attempt_at=now + 900 * DAY, expires_at=now - DAY)

    swept = sweep()

    message = Message.objects.get()
    row.refresh_from_db()
    assert swept.expired == 1
    assert (message.state, message.reason) == (MessageState.FAILED, Reason.EXPIRED)
    assert (row.state, row.reason) == (EnrolmentState.HELD, Reason.MAIL_NOT_SENT)


@pytest.mark.parametrize(
    "columns",
    [
        "state = 'sleeping'",
        "state = 'claimed'",
        "state = 'submitting', lease_until = now()",
        "enrolment_id = NULL",
        "kind = 'parcel'",
        "turn = NULL",
    ],
)
def test_the_database_itself_refuses_a_message_that_makes_no_sense(
    sequence: Sequence, columns: str
) -> None:
    enrolled(ANNA.joins(), sequence)
    due.claim(due.now())

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE nurture_message SET {columns}")


def test_a_lease_for_a_thousand_years_is_nobodys_and_its_mail_can_be_released(
    sequence: Sequence, relay: smtp.Relay
) -> None:
    """It is shown as claimed; a pause takes it back, and the programme goes on."""
    row = enrolled(ANNA.joins(), sequence)
    due.claim(due.now())
    Message.objects.update(
        state=MessageState.CLAIMED,
        lease_token=uuid4(),
        lease_until=timezone.now() + 365_000 * DAY,
    )

    enrolment.pause(Enrolment.objects.filter(pk=row.pk))
    enrolment.resume(Enrolment.objects.filter(pk=row.pk), now=timezone.now())
    goes_out(relay)

    assert len(relay.mails) == 1


def test_a_sequence_with_people_in_it_cannot_be_deleted(sequence: Sequence) -> None:
    enrolled(ANNA.joins(), sequence)
    due.claim(due.now())

    with pytest.raises(ProtectedError):
        sequence.delete()


def test_a_report_with_a_wrong_message_id_waits_and_touches_nobody(
    sequence: Sequence, relay: smtp.Relay
) -> None:
    enrolled(ANNA.joins(), sequence)
    goes_out(relay)
    for reference in ("<of-somebody-else@example.net>", "", "' OR 1=1 --", "\N{PILE OF POO}" * 80):
        events.record(
            Report(
                kind=EventKind.COMPLAINED,
                source="provider",
                key=reference,
                occurred_at=timezone.now(),
                message_id=reference,
            )
        )

    events.match_waiting()

    assert Event.objects.filter(message__isnull=True).count() == 4
    assert Enrolment.objects.get().state == EnrolmentState.ACTIVE
    assert Message.objects.get().state == MessageState.ACCEPTED
