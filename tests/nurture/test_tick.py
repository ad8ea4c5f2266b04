"""The command for cron, and for a bad day without Redis: one full round."""

import math
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from nurture import sending
from nurture.domain.states import EnrolmentState, MessageState
from nurture.models import Enrolment, Message
from nurture.tick import tick
from tests import smtp
from tests.cast import ANNA, BEN
from tests.factories import published_sequence
from tests.nurture.steps import asks, crowd, enrolled
from tests.smtp import Phase

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


def ticked(*arguments: str) -> str:
    out = StringIO()
    call_command("tick", *arguments, stdout=out)
    return out.getvalue().strip()


def test_one_round_sends_questions_and_what_is_due(relay: smtp.Relay) -> None:
    sequence = published_sequence(steps=2)
    asks(BEN, sequence)
    enrolled(ANNA.joins(), sequence)

    said = ticked()

    assert said == "planned 1, transactional 1, programme 1"
    assert {mail.recipients for mail in relay.mails} == {(ANNA.address,), (BEN.address,)}


def test_a_round_without_anything_to_do_says_so(relay: smtp.Relay) -> None:
    said = ticked()

    assert said == "planned 0, transactional 0, programme 0"
    assert relay.connections == 0


def test_a_programme_can_be_played_through_all_its_weeks(relay: smtp.Relay) -> None:
    row = enrolled(ANNA.joins(), published_sequence(steps=12, wait_days=7))
    start = timezone.now()

    for week in range(12):
        ticked("--at", (start + week * WEEK).isoformat())

    row.refresh_from_db()
    subjects = [str(mail.message["Subject"]) for mail in relay.mails]
    assert subjects == [f"Week {n}: a little more" for n in range(1, 13)]
    assert (row.state, row.turn) == (EnrolmentState.FINISHED, 12)
    assert set(Message.objects.values_list("state", flat=True)) == {MessageState.ACCEPTED}


def test_a_week_is_not_sent_before_its_time(relay: smtp.Relay) -> None:
    enrolled(ANNA.joins(), published_sequence(steps=2, wait_days=7))
    start = timezone.now()
    ticked("--at", start.isoformat())

    said = ticked("--at", (start + timedelta(days=5)).isoformat())

    assert said == "planned 0, transactional 0, programme 0"
    assert len(relay.mails) == 1


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("yesterday", "use a time such as"),
        ("", "use a time such as"),
        ("2026-03-08T25:00:00Z", "--at"),
        ("2026-02-30T09:00:00Z", "day is out of range"),
        ("2026-03-08T09:00:00", "add an offset"),
        ("2026-03-08", "add an offset"),
        ("2026-03-08T09:00:00+99:00", "--at"),
        ("9999-12-31T23:59:59Z", "--at"),
        ("0001-01-01T00:00:00Z", "--at"),
    ],
)
def test_what_is_no_moment_is_refused_with_advice(
    relay: smtp.Relay, text: str, advice: str
) -> None:
    enrolled(ANNA.joins(), published_sequence(steps=1))

    with pytest.raises(CommandError, match=advice):
        ticked("--at", text)

    assert not relay.mails


def test_a_time_in_another_zone_is_that_moment(relay: smtp.Relay) -> None:
    enrolled(ANNA.joins(), published_sequence(steps=1), now=datetime(2027, 3, 1, 12, tzinfo=UTC))

    said = ticked("--at", "2027-03-01T13:00:00+01:00")

    assert said == "planned 1, transactional 0, programme 1"


def test_without_a_relay_a_round_ends_soon_and_loses_nothing(
    relay: smtp.Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(60, published_sequence(steps=1))
    monkeypatch.setattr(sending, "batch_size", lambda: 10)
    relay.hang_up(Phase.GREETING, times=math.inf)

    tick(timezone.now())

    assert 1 <= relay.connections <= 10
    assert Enrolment.objects.filter(state=EnrolmentState.ACTIVE).count() == 60
    assert not Message.objects.exclude(state__in=["queued", "deferred"]).exists()
