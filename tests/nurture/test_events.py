"""What providers say about our mails, in any order and any number of times."""

import json
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.sparkpost import SparkPostTrackingWebhookView
from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from nurture import events, sending
from nurture.domain.states import (
    ConsentAction,
    EnrolmentState,
    EventKind,
    MessageState,
    Reason,
    Suppressed,
)
from nurture.models import Enrolment, Event, Message, Subscriber, Suppression
from nurture.sending import PROGRAMME
from tests import smtp
from tests.cast import ANNA, BEN
from tests.factories import published_sequence
from tests.nurture.steps import planned

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECRET = "provider:" + "x" * 30


@pytest.fixture
def message() -> Message:
    """A mail that Anna got."""
    return planned(ANNA.joins(), published_sequence(steps=1))


def report(about: Message | None, kind: EventKind, **other: Any) -> events.Report:
    fields = {
        "kind": kind,
        "source": "Postmark",
        "key": uuid4().hex,
        "occurred_at": NOW,
        "message_id": about.message_id if about else "<never@sent>",
        **other,
    }
    return events.Report(**fields)


def suppressed(message: Message) -> set[str]:
    rows = Suppression.objects.filter(address_hash=message.address_hash)
    return set(rows.values_list("reason", flat=True))


def tell(message: Message, kinds: Iterable[EventKind]) -> None:
    for day, kind in enumerate(kinds):
        events.record(report(message, kind, occurred_at=NOW + day * DAY))


# ------------------------------------------------------------------ what a word means


def test_a_hard_bounce_suppresses_and_holds(message: Message) -> None:
    events.record(report(message, EventKind.HARD_BOUNCE))

    row = Enrolment.objects.get()
    assert suppressed(message) == {Suppressed.BOUNCE}
    assert (row.state, row.reason) == (EnrolmentState.HELD, Reason.SUPPRESSED)


def test_a_complaint_ends_everything(message: Message) -> None:
    events.record(report(message, EventKind.COMPLAINED))

    assert Suppressed.COMPLAINT in suppressed(message)
    assert Subscriber.objects.get().consent == ConsentAction.WITHDRAWN
    assert Enrolment.objects.get().state == EnrolmentState.STOPPED


def test_leaving_at_the_provider_is_leaving(message: Message) -> None:
    events.record(report(message, EventKind.UNSUBSCRIBED))

    assert Subscriber.objects.get().consent == ConsentAction.WITHDRAWN


@pytest.mark.parametrize(
    "kind", [EventKind.DELAYED, EventKind.REFUSED, EventKind.OTHER, EventKind.SOFT_BOUNCE]
)
def test_what_tells_nothing_about_the_address_changes_nothing(
    message: Message, kind: EventKind
) -> None:
    events.record(report(message, kind))

    assert suppressed(message) == set()
    assert Enrolment.objects.get().state == EnrolmentState.ACTIVE


def test_soft_bounces_on_four_days_suppress(message: Message) -> None:
    tell(message, [EventKind.SOFT_BOUNCE] * 3)
    before = suppressed(message)

    events.record(report(message, EventKind.SOFT_BOUNCE, occurred_at=NOW + 3 * DAY))

    assert (before, suppressed(message)) == (set(), {Suppressed.BOUNCE})


def test_a_delivery_between_soft_bounces_starts_the_count_again(message: Message) -> None:
    soft = EventKind.SOFT_BOUNCE

    tell(message, [soft, soft, EventKind.DELIVERED, soft, soft])

    assert suppressed(message) == set()


@pytest.mark.parametrize("first", ["event", "doubt"])
def test_a_delivery_settles_what_was_in_doubt(message: Message, first: str) -> None:
    unknown = {"state": MessageState.UNKNOWN, "reason": Reason.ANSWER_LOST}
    rows = Message.objects.filter(pk=message.pk)

    if first == "doubt":
        rows.update(**unknown)
    events.record(report(message, EventKind.DELIVERED))
    if first == "event":
        rows.update(**unknown)
        events.match_waiting()

    assert rows.get().state == MessageState.ACCEPTED


# ------------------------------------------------------------------ any order, any number


def test_the_same_event_forty_six_times_counts_once(message: Message) -> None:
    one = report(message, EventKind.COMPLAINED)

    new = [events.record(one) for _time in range(46)]

    assert new == [True] + [False] * 45
    assert Event.objects.count() == 1


def test_a_delivery_after_a_complaint_brings_nobody_back(message: Message) -> None:
    events.record(report(message, EventKind.COMPLAINED))

    events.record(report(message, EventKind.DELIVERED))

    assert Suppressed.COMPLAINT in suppressed(message)
    assert Subscriber.objects.get().consent == ConsentAction.WITHDRAWN


def test_a_bounce_before_our_own_record_ends_well(message: Message, relay: smtp.Relay) -> None:
    """The provider is faster than the commit that says "accepted"."""
    events.record(report(message, EventKind.DELIVERED))
    sending.send_claimed(PROGRAMME)

    assert Message.objects.get().state == MessageState.ACCEPTED


def test_an_event_that_comes_before_its_mail_waits_for_it(message: Message) -> None:
    other = f"<{uuid4().hex}@care.example.org>"
    events.record(report(None, EventKind.HARD_BOUNCE, message_id=other))
    early = events.match_waiting()
    Message.objects.filter(pk=message.pk).update(message_id=other)

    found = events.match_waiting()

    assert (early, found) == (0, 1)
    assert suppressed(message) == {Suppressed.BOUNCE}
    assert events.match_waiting() == 0


def test_an_event_about_a_mail_that_we_never_sent_touches_nobody(message: Message) -> None:
    assert events.record(report(None, EventKind.HARD_BOUNCE))

    assert not Suppression.objects.exists()
    assert Event.objects.get().message is None


def test_an_event_by_our_own_id_finds_its_mail(message: Message) -> None:
    events.record(
        report(None, EventKind.HARD_BOUNCE, message=message.public_id, message_id="esp-4711")
    )

    assert suppressed(message) == {Suppressed.BOUNCE}


def test_a_complaint_about_an_old_address_does_not_end_mail_to_the_new_one(
    message: Message,
) -> None:
    anna = message.subscriber
    anna.address = "anna.new@example.org"
    anna.save()

    events.record(report(message, EventKind.COMPLAINED))

    anna.refresh_from_db()
    assert Suppressed.COMPLAINT in suppressed(message)
    assert anna.consent == ConsentAction.GIVEN


# ------------------------------------------------------------------ through anymail


def posted(view: Any, body: object, *, secret: str = SECRET) -> HttpResponse:
    request = RequestFactory().post(
        "/hooks/mail/",
        data=json.dumps(body),
        content_type="application/json",
        headers={"authorization": "Basic " + b64encode(secret.encode()).decode()},
    )
    response: HttpResponse = view.as_view()(request)
    return response


def postmark_bounce(message_id: str, kind: str = "HardBounce") -> dict[str, Any]:
    return {
        "RecordType": "Bounce",
        "ID": 901542550,
        "Type": kind,
        "TypeCode": 1,
        "MessageID": "7a574350-0d14-4b6b-a5b4-5b3a2f2e2f5d",
        "Email": BEN.address,
        "BouncedAt": "2027-03-30T12:00:00Z",
        "Metadata": {"message": message_id},
        "Description": "The address does not exist.",
    }


@pytest.fixture
def provider(settings: Settings) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}


@pytest.mark.usefixtures("provider")
def test_a_provider_reports_a_bounce_and_names_somebody_else(message: Message) -> None:
    ben = BEN.joins()

    response = posted(PostmarkTrackingWebhookView, postmark_bounce(str(message.public_id)))

    assert response.status_code == 200
    assert suppressed(message) == {Suppressed.BOUNCE}
    assert Suppression.objects.count() == 1
    assert ben.consent == ConsentAction.GIVEN
    assert BEN.address not in str(Event.objects.values())


@pytest.mark.usefixtures("provider")
def test_not_every_bounce_of_a_provider_is_a_bad_address(message: Message) -> None:
    posted(PostmarkTrackingWebhookView, postmark_bounce(str(message.public_id), "DMARCPolicy"))

    assert suppressed(message) == set()


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize("secret", ["provider:wrong", "", "provider:" + "x" * 29])
def test_a_report_without_the_right_signature_is_refused(message: Message, secret: str) -> None:
    with pytest.raises(SuspiciousOperation):  # Django answers 400
        posted(PostmarkTrackingWebhookView, postmark_bounce(str(message.public_id)), secret=secret)

    assert not Event.objects.exists()
    assert not Suppression.objects.exists()


@pytest.mark.usefixtures("provider")
def test_several_events_in_one_request_count_each(message: Message) -> None:
    words = ("open", "click", "delivery", "spam_complaint")
    about = {"rcpt_to": ANNA.address, "rcpt_meta": {"message": str(message.public_id)}}
    batch = [
        {
            "msys": {
                "track_event": {
                    **about,
                    "type": word,
                    "event_id": word,
                    "timestamp": "1806408000",
                    "message_id": "000443ee14578172be22",
                }
            }
        }
        for word in words
    ]

    posted(SparkPostTrackingWebhookView, batch)

    kinds = set(Event.objects.values_list("kind", flat=True))
    assert kinds == {EventKind.DELIVERED, EventKind.COMPLAINED}
