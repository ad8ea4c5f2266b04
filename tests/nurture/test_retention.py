"""What is old is forgotten, what is needed is kept, and nobody gets a week again because of it."""

from datetime import datetime, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from nurture import checkins, counting, due, enrolment, outbox, preferences, retention
from nurture.domain.counted import Counted
from nurture.domain.states import ConsentAction, EnrolmentState, EventKind, MessageState, Reason
from nurture.events import Report, record
from nurture.models import CheckIn, Enrolment, Event, Message, Subscriber
from nurture.plans import Plans
from tests.cast import ANNA, BEN
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
from tests.nurture.steps import asks, enrolled

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
YEARS = timedelta(days=800)


@pytest.fixture
def start() -> datetime:
    return timezone.now()


def goes_out(at: datetime) -> Message:
    assert due.claim(at) == 1
    rows = Message.objects.select_related("subscriber", "enrolment", "step_version__step")
    message = rows.latest("turn")
    Message.objects.filter(pk=message.pk).update(state=MessageState.ACCEPTED, closed_at=at)
    outbox.conclude([(message, at)], MessageState.ACCEPTED, Plans())
    return message


def test_mails_of_a_programme_that_has_ended_are_forgotten(start: datetime) -> None:
    enrolled(ANNA.joins(), published_sequence(steps=1), now=start)
    goes_out(start)

    early = retention.forget(now=start + 700 * DAY)
    late = retention.forget(now=start + YEARS)

    assert (early.messages, late.messages) == (0, 1)
    assert Enrolment.objects.get().state == EnrolmentState.FINISHED


def test_a_programme_that_runs_keeps_its_place_whatever_is_forgotten(start: datetime) -> None:
    anna = ANNA.joins()
    row = enrolled(anna, published_sequence(steps=12, wait_days=7), now=start)
    had = [goes_out(start + n * 7 * DAY).step_version for n in range(8)]

    forgotten = retention.forget(now=start + YEARS)
    following = goes_out(start + 8 * 7 * DAY)

    assert forgotten.messages == 8 - retention.KEPT_TURNS - 1
    assert following.turn == 9
    assert following.step_version not in had
    assert following.step_version is not None
    assert following.step_version.step.position == 8
    assert preferences.last_had(row) == following.step_version.step


def test_a_step_that_is_moved_behind_somebody_comes_not_again_though_its_mail_is_forgotten(
    start: datetime,
) -> None:
    sequence = published_sequence(steps=12, wait_days=7)
    row = enrolled(ANNA.joins(), sequence, now=start)
    for n in range(8):
        goes_out(start + n * 7 * DAY)
    retention.forget(now=start + YEARS)
    first, second, *others = raw_steps(sequence)
    waited = {**second, "value": {**second["value"], "wait": waiting(7)}}
    later = {**first, "value": {**first["value"], "wait": waiting(7)}}
    edited(sequence, steps=[waited, *others, later])

    names = []
    for n in range(8, 12):
        message = goes_out(start + n * 7 * DAY)
        assert message.step_version is not None
        names.append(message.step_version.step.key)

    row.refresh_from_db()
    assert [str(key) for key in names] == [one["id"] for one in others[6:]]
    assert row.state == EnrolmentState.FINISHED
    assert [one["turn"] for one in row.had or []] == [1, 2]


def test_who_went_back_gets_a_forgotten_step_again(start: datetime) -> None:
    """ "Had" means since the last step back to or before it, also without its mail."""
    sequence = published_sequence(steps=12, wait_days=7)
    row = enrolled(ANNA.joins(), sequence, now=start)
    for n in range(8):
        goes_out(start + n * 7 * DAY)
    retention.forget(now=start + YEARS)
    first = sequence.compiled_steps.earliest("position")
    enrolment.step_back(row, first, now=start + 50 * DAY)
    sequence.compiled_steps.update(overtaken=True)

    assert goes_out(start + 57 * DAY).step_version in first.versions.all()


def test_a_mail_that_asked_is_kept_with_its_answer_while_the_programme_runs(
    start: datetime,
) -> None:
    steps = [step(text(), checkin(), wait_days=7 * bool(n)) for n in range(9)]
    enrolled(ANNA.joins(), published_sequence(steps=steps), now=start)
    for n in range(8):
        message = goes_out(start + n * 7 * DAY)
        checkins.record(message.public_id, 2, now=start + n * 7 * DAY, source="mail")

    forgotten = retention.forget(now=start + YEARS)

    assert forgotten.messages == 0
    assert CheckIn.objects.count() == 8


def test_with_the_mail_go_its_events_and_answers(start: datetime, settings: Settings) -> None:
    settings.EVENT_DAYS = 10_000
    enrolled(ANNA.joins(), published_sequence(steps=[step(text(), checkin())]), now=start)
    message = goes_out(start)
    checkins.record(message.public_id, 2, now=start, source="mail")
    happened(message, EventKind.DELIVERED)

    retention.forget(now=start + YEARS)

    assert not Message.objects.exists()
    assert not CheckIn.objects.exists()
    assert not Event.objects.exists()


def happened(message: Message, kind: EventKind, *, key: str = "1", code: str = "") -> None:
    record(
        Report(
            kind=kind,
            source="test",
            key=key,
            occurred_at=timezone.now(),
            message=message.public_id,
            code=code,
        )
    )


@pytest.mark.parametrize("state", [MessageState.QUEUED, MessageState.HELD, MessageState.SUBMITTING])
def test_what_is_open_is_never_forgotten(start: datetime, state: MessageState) -> None:
    enrolled(ANNA.joins(), published_sequence(steps=1), now=start)
    due.claim(start)
    Message.objects.update(state=state, lease_token=uuid4(), lease_until=start)

    assert retention.forget(now=start + YEARS).messages == 0


def test_a_failed_mail_on_which_a_programme_waits_is_kept(start: datetime) -> None:
    enrolled(ANNA.joins(), published_sequence(steps=2), now=start)
    due.claim(start)
    message = Message.objects.select_related("subscriber", "enrolment").get()
    Message.objects.update(state=MessageState.FAILED, closed_at=start)
    outbox.conclude([(message, None)], MessageState.FAILED, Plans())

    forgotten = retention.forget(now=start + YEARS)
    enrolment.resume(Enrolment.objects.all(), now=start + YEARS)

    assert forgotten.messages == 0
    assert Enrolment.objects.get().next_step == message.step_version.step  # type: ignore[union-attr]


def test_a_confirmation_is_forgotten_and_the_consent_is_not(start: datetime) -> None:
    sequence = published_sequence(steps=1)
    asks(ANNA, sequence, now=start)
    Message.objects.update(state=MessageState.ACCEPTED, closed_at=start)
    Subscriber.objects.update(consent=ConsentAction.GIVEN)

    retention.forget(now=start + YEARS)

    assert not Message.objects.exists()
    assert Subscriber.objects.get().consents.count() == 1


def test_events_go_after_their_time_and_their_words_before(start: datetime) -> None:
    enrolled(ANNA.joins(), published_sequence(steps=2), now=start)
    happened(goes_out(start), EventKind.SOFT_BOUNCE, code="452 mailbox of somebody is full")

    retention.forget(now=start + 20 * DAY)
    words = Event.objects.get().code
    retention.forget(now=start + 100 * DAY)

    assert words == ""
    assert not Event.objects.exists()
    assert Message.objects.exists()


def test_who_never_confirmed_is_forgotten(start: datetime) -> None:
    sequence = published_sequence(steps=1)
    asks(ANNA, sequence, now=start)
    BEN.joins()

    early = retention.forget(now=start + 29 * DAY)
    late = retention.forget(now=start + 31 * DAY)

    assert (early.signups, late.signups) == (0, 1)
    assert Subscriber.objects.get().address == BEN.address


def test_batches_reach_all_and_what_is_kept_stops_nobody(
    start: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    sequence = published_sequence(steps=1)
    running = enrolled(ANNA.joins(), published_sequence(steps=3), now=start)
    goes_out(start)
    for _number in range(5):
        enrolled(SubscriberFactory.create(), sequence, now=start)
    due.claim(start)
    queued = Message.objects.filter(state=MessageState.QUEUED)
    ready = list(queued.select_related("enrolment", "subscriber"))
    Message.objects.update(state=MessageState.ACCEPTED, closed_at=start)
    outbox.conclude([(row, start) for row in ready], MessageState.ACCEPTED, Plans())

    forgotten = retention.forget(now=start + YEARS)

    assert forgotten.messages == 5
    assert Message.objects.get().enrolment == running


def test_a_round_ends_when_its_time_is_up(start: datetime) -> None:
    enrolled(ANNA.joins(), published_sequence(steps=1), now=start)
    goes_out(start)

    assert retention.forget(now=start + YEARS, seconds=0).messages == 0


def test_what_was_forgotten_is_counted(start: datetime) -> None:
    asks(ANNA, published_sequence(steps=1), now=start)

    retention.forget(now=start + 31 * DAY)

    assert counting.of_days(1)[Counted.FORGOTTEN_SIGNUPS] == 1


def test_a_stopped_programme_begins_anew_and_not_again(start: datetime) -> None:
    """Whoever comes back years later gets the first week, as anybody who signs up."""
    anna, sequence = ANNA.joins(), published_sequence(steps=3)
    row = enrolled(anna, sequence, now=start)
    goes_out(start)
    enrolment.stop(Enrolment.objects.all(), reason=Reason.ASKED_TO)

    retention.forget(now=start + YEARS)
    again = enrolled(anna, sequence, now=start + YEARS)

    assert again != row
    assert (again.turn, again.next_step) == (0, row.next_step)


def test_a_tick_by_hand_forgets_too(start: datetime) -> None:
    asks(ANNA, published_sequence(steps=1), now=start)
    Subscriber.objects.update(created_at=start - 40 * DAY)
    Subscriber.objects.get().consents.update(created_at=start - 40 * DAY)

    call_command("tick", stdout=StringIO())

    assert not Subscriber.objects.exists()
