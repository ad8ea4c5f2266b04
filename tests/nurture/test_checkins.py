"""The person answers, or does not, and the programme follows."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from nurture import checkins, due, enrolment, outbox, sending
from nurture.consent import Gone
from nurture.domain.feedback import Action
from nurture.domain.states import (
    TRANSACTIONAL,
    EnrolmentState,
    MessageKind,
    MessageState,
    Reason,
    Suppressed,
)
from nurture.models import CheckIn, Enrolment, Message, Sequence, Suppression
from nurture.models.suppression import address_hash
from nurture.sending import PROGRAMME
from tests import smtp
from tests.cast import ANNA
from tests.factories import checkin, published_sequence, step, text
from tests.nurture.steps import enrolled

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
TOO_EASY, ABOUT_RIGHT, TOO_HARD, HURTS_MORE, WARNING_SIGN = range(1, 6)


@pytest.fixture
def start() -> datetime:
    return timezone.now()


@pytest.fixture
def sequence() -> Sequence:
    return programme()


def programme(**last: Any) -> Sequence:
    """Three weeks that each ask how it went."""
    return published_sequence(
        steps=[
            step(text(), checkin(), subject="One"),
            step(text(), checkin(), wait_days=7, subject="Two"),
            step(text(), checkin(), wait_days=7, subject="Three", **last),
        ]
    )


@pytest.fixture
def row(sequence: Sequence, relay: smtp.Relay, start: datetime) -> Enrolment:
    """Anna has got her first week."""
    found = enrolled(ANNA.joins(), sequence, now=start)
    due.claim(start)
    sending.send_claimed(PROGRAMME)
    return found


def newest(row: Enrolment) -> Message:
    return row.messages.latest("turn")


def answer(row: Enrolment, number: int, *, now: datetime) -> CheckIn:
    return checkins.record(newest(row).public_id, number, now=now, source="link")


def goes_on(row: Enrolment, *, days: float, start: datetime) -> str:
    """So many days after the start the mails that are due go out; the subjects so far."""
    due.claim(start + days * DAY)
    sending.send_claimed(PROGRAMME)
    return subjects(row)


def subjects(row: Enrolment) -> str:
    versions = row.messages.order_by("turn").values_list("step_version__subject", flat=True)
    return " ".join(str(subject) for subject in versions)


def current(row: Enrolment) -> Enrolment:
    return Enrolment.objects.get(pk=row.pk)


# ------------------------------------------------------------------ what an answer does


@pytest.mark.parametrize("number", [TOO_EASY, ABOUT_RIGHT])
def test_a_good_week_leads_to_the_next(row: Enrolment, start: datetime, number: int) -> None:
    before = row.due_at

    said = answer(row, number, now=start + DAY)

    assert said.does == Action.ADVANCE
    assert current(row).due_at is not None
    assert before is not None
    assert goes_on(row, days=5.9, start=start) == "One"
    assert goes_on(row, days=7.1, start=start) == "One Two"


def test_a_hard_week_comes_again_when_the_next_would_have_come(
    row: Enrolment, start: datetime
) -> None:
    answer(row, TOO_HARD, now=start + DAY)

    assert goes_on(row, days=5.9, start=start) == "One"
    assert goes_on(row, days=7.1, start=start) == "One One"


def test_pain_holds_the_programme_and_tells_the_practice(row: Enrolment, start: datetime) -> None:
    answer(row, HURTS_MORE, now=start + DAY)

    held = current(row)
    assert (held.state, held.reason) == (EnrolmentState.HELD, Reason.ANSWERED)
    assert goes_on(row, days=30, start=start) == "One"
    assert Message.objects.filter(kind=MessageKind.STAFF).count() == 1


def test_a_warning_sign_stops_and_is_answered_at_once(
    row: Enrolment, start: datetime, relay: smtp.Relay
) -> None:
    answer(row, WARNING_SIGN, now=start + DAY)

    sending.send_claimed(TRANSACTIONAL)
    stopped = current(row)
    assert (stopped.state, stopped.reason) == (EnrolmentState.STOPPED, Reason.WARNING_SIGN)
    _week, safety, staff = relay.mails
    assert safety.recipients == (ANNA.address,)
    assert "Please stop these exercises today" in body(safety)
    assert "911" in body(safety)
    assert staff.recipients == ("hello@larkfield.example",)


def body(mail: smtp.Mail) -> str:
    part = mail.message.get_body(("plain",))
    assert part is not None
    found: str = part.get_content()
    return found


def test_the_practice_is_told_nothing_about_anybodys_health(
    row: Enrolment, start: datetime, relay: smtp.Relay
) -> None:
    answer(row, WARNING_SIGN, now=start + DAY)

    sending.send_claimed(TRANSACTIONAL)
    told = relay.mails[-1].content.decode()
    for word in (ANNA.address, ANNA.first_name, "dysfunction", "Steady weeks", "warning sign"):
        assert word not in told


def test_a_warning_sign_holds_the_persons_other_programmes(row: Enrolment, start: datetime) -> None:
    other = enrolled(row.subscriber, programme(), now=start)

    answer(row, WARNING_SIGN, now=start + DAY)

    assert (current(other).state, current(other).reason) == (
        EnrolmentState.HELD,
        Reason.WARNING_SIGN,
    )


def test_a_warning_sign_after_the_next_mail_still_stops(row: Enrolment, start: datetime) -> None:
    first = newest(row)
    answer(row, ABOUT_RIGHT, now=start + DAY)
    goes_on(row, days=8, start=start)

    said = checkins.record(first.public_id, WARNING_SIGN, now=start + 9 * DAY, source="link")

    assert not said.in_time
    assert current(row).state == EnrolmentState.STOPPED
    assert Message.objects.filter(kind=MessageKind.SAFETY).count() == 1


def test_pressing_warning_sign_ten_times_sends_one_safety_mail(
    row: Enrolment, start: datetime
) -> None:
    for _time in range(10):
        answer(row, WARNING_SIGN, now=start + DAY)

    assert Message.objects.filter(kind=MessageKind.SAFETY).count() == 1
    assert CheckIn.objects.count() == 10


# ------------------------------------------------------------------ the last answer counts


@pytest.mark.parametrize(
    ("numbers", "subjects_then"),
    [
        ([TOO_HARD, ABOUT_RIGHT], "One Two"),
        ([ABOUT_RIGHT, TOO_HARD], "One One"),
        ([HURTS_MORE, ABOUT_RIGHT], "One Two"),
        ([TOO_HARD, TOO_HARD, TOO_HARD], "One One"),
        ([HURTS_MORE, TOO_HARD], "One One"),
        ([ABOUT_RIGHT, HURTS_MORE], "One"),
    ],
)
def test_the_last_answer_before_the_next_mail_counts(
    row: Enrolment, start: datetime, numbers: list[int], subjects_then: str
) -> None:
    for number in numbers:
        answer(row, number, now=start + DAY)

    assert goes_on(row, days=7.1, start=start) == subjects_then
    assert CheckIn.objects.count() == len(numbers)


def test_an_answer_after_the_next_mail_is_kept_and_moves_nothing(
    row: Enrolment, start: datetime
) -> None:
    first = newest(row)
    answer(row, ABOUT_RIGHT, now=start + DAY)
    goes_on(row, days=8, start=start)
    before = current(row)

    said = checkins.record(first.public_id, TOO_HARD, now=start + 9 * DAY, source="link")

    after = current(row)
    assert not said.in_time
    assert (after.next_step_id, after.due_at) == (before.next_step_id, before.due_at)


def test_a_warning_sign_cannot_be_taken_back_by_a_link(row: Enrolment, start: datetime) -> None:
    answer(row, WARNING_SIGN, now=start + DAY)

    answer(row, ABOUT_RIGHT, now=start + DAY)

    assert current(row).state == EnrolmentState.STOPPED


def test_a_week_repeated_too_often_waits_for_a_person(row: Enrolment, start: datetime) -> None:
    for week in range(3):
        answer(row, TOO_HARD, now=start + (7 * week + 1) * DAY)
        goes_on(row, days=7 * week + 8, start=start)

    assert subjects(row) == "One One One"
    assert current(row).state == EnrolmentState.HELD


# ------------------------------------------------------------------ silence


def test_silence_repeats_once_and_then_waits(row: Enrolment, start: datetime) -> None:
    assert goes_on(row, days=7.1, start=start) == "One One"
    assert goes_on(row, days=14.5, start=start) == "One One"

    held = current(row)
    assert (held.state, held.reason) == (EnrolmentState.HELD, Reason.SILENT)
    assert Message.objects.filter(kind=MessageKind.STAFF).count() == 1


def test_an_answer_after_a_silent_hold_goes_on(row: Enrolment, start: datetime) -> None:
    goes_on(row, days=7.1, start=start)
    goes_on(row, days=14.5, start=start)

    answer(row, ABOUT_RIGHT, now=start + 16 * DAY)

    assert goes_on(row, days=16.1, start=start) == "One One Two"


def test_whoever_resumes_after_silence_is_not_asked_again(row: Enrolment, start: datetime) -> None:
    goes_on(row, days=7.1, start=start)
    goes_on(row, days=14.5, start=start)

    enrolment.resume(Enrolment.objects.filter(pk=row.pk), now=start + 16 * DAY)

    assert goes_on(row, days=16.1, start=start) == "One One Two"


@pytest.mark.parametrize(("load_bearing", "then"), [(True, "One One"), (False, "One Two")])
def test_silence_never_leads_past_a_load_bearing_step(
    relay: smtp.Relay,
    start: datetime,
    load_bearing: bool,  # noqa: FBT001
    then: str,
) -> None:
    asks = checkin(silence="advance")
    sequence = published_sequence(
        steps=[
            step(text(), asks, subject="One"),
            step(text(), wait_days=7, subject="Two"),
        ]
    )
    sequence.compiled_steps.update(load_bearing=load_bearing)  # as an import may have it
    row = enrolled(ANNA.joins(), sequence, now=start)
    goes_on(row, days=0, start=start)

    assert goes_on(row, days=7.1, start=start) == then


def test_a_pause_is_no_silence(row: Enrolment, start: datetime) -> None:
    rows = Enrolment.objects.filter(pk=row.pk)
    enrolment.pause(rows, until=start + 20 * DAY)

    assert goes_on(row, days=10, start=start) == "One"


# ------------------------------------------------------------------ the end


def to_the_end(row: Enrolment, start: datetime) -> None:
    for week in range(2):
        answer(row, ABOUT_RIGHT, now=start + (7 * week + 1) * DAY)
        goes_on(row, days=7.1 * (week + 1), start=start)
    assert subjects(row) == "One Two Three"


def test_the_last_week_can_be_repeated(row: Enrolment, start: datetime) -> None:
    to_the_end(row, start)
    assert current(row).state == EnrolmentState.FINISHED

    answer(row, TOO_HARD, now=start + 16 * DAY)

    assert current(row).state == EnrolmentState.ACTIVE
    assert goes_on(row, days=22, start=start) == "One Two Three Three"


def test_a_good_last_week_ends_the_programme(row: Enrolment, start: datetime) -> None:
    to_the_end(row, start)

    answer(row, TOO_HARD, now=start + 16 * DAY)
    answer(row, ABOUT_RIGHT, now=start + 16 * DAY)

    assert current(row).state == EnrolmentState.FINISHED
    assert goes_on(row, days=40, start=start) == "One Two Three"


def test_a_programme_that_runs_anew_is_not_reopened_by_an_old_mail(
    row: Enrolment, start: datetime, sequence: Sequence
) -> None:
    to_the_end(row, start)
    again = enrolled(row.subscriber, sequence, now=start + 15 * DAY)

    answer(row, TOO_HARD, now=start + 16 * DAY)

    assert current(row).state == EnrolmentState.FINISHED
    assert current(again).state == EnrolmentState.ACTIVE


# ------------------------------------------------------------------ mails in flight


def test_an_answer_before_our_own_record_counts_when_the_next_mail_is_due(
    row: Enrolment, start: datetime
) -> None:
    """The mail is at the relay and the person is fast; the commit that says so comes later."""
    message = newest(row)
    Message.objects.filter(pk=message.pk).update(
        state=MessageState.SUBMITTING, lease_token=message.public_id, lease_until=start
    )
    said = answer(row, TOO_HARD, now=start)
    Message.objects.filter(pk=message.pk).update(
        state=MessageState.ACCEPTED, lease_token=None, lease_until=None
    )

    assert (said.in_time, said.applied_at) == (True, None)
    assert goes_on(row, days=7.1, start=start) == "One One"
    said.refresh_from_db()
    assert said.applied_at is not None


def test_who_answers_a_mail_in_doubt_has_got_it(row: Enrolment, start: datetime) -> None:
    Message.objects.filter(pk=newest(row).pk).update(state=MessageState.UNKNOWN)

    answer(row, ABOUT_RIGHT, now=start + DAY)

    assert newest(row).state == MessageState.ACCEPTED


@pytest.mark.parametrize("number", [0, 6, 255])
def test_an_answer_that_was_not_offered_is_none(
    row: Enrolment, start: datetime, number: int
) -> None:
    with pytest.raises(Gone):
        answer(row, number, now=start)


# ------------------------------------------------------------------ the safety mail comes first


def test_a_safety_mail_overtakes_confirmations(row: Enrolment, start: datetime) -> None:
    common = {"subscriber": row.subscriber, "address": ANNA.address, "planned_for": start}
    for number in range(3):
        Message.objects.create(
            kind=MessageKind.CONFIRMATION,
            dedupe_key=str(number),
            address_hash=address_hash(ANNA.address),
            **common,
        )
    answer(row, WARNING_SIGN, now=start)

    (first,) = outbox.claim(TRANSACTIONAL, token=row.public_id, limit=10)

    assert first.kind == MessageKind.SAFETY


@pytest.mark.parametrize(
    ("reason", "arrives"),
    [
        (Suppressed.UNSUBSCRIBED, True),
        (Suppressed.COMPLAINT, True),
        (Suppressed.BAN, True),
        (Suppressed.BOUNCE, False),
    ],
)
def test_a_safety_mail_goes_wherever_mail_can(
    row: Enrolment,
    start: datetime,
    relay: smtp.Relay,
    reason: Suppressed,
    arrives: bool,  # noqa: FBT001
) -> None:
    Suppression.objects.create(address_hash=address_hash(ANNA.address), reason=reason)
    answer(row, WARNING_SIGN, now=start)

    sending.send_claimed(TRANSACTIONAL)

    sent = Message.objects.get(kind=MessageKind.SAFETY).state
    assert (sent == MessageState.ACCEPTED) is arrives
