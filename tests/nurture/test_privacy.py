"""A person's data: to take along, and to have gone for good."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from nurture import checkins, consent, privacy, sending
from nurture.domain.states import ConsentAction, EventKind, MessageState, Suppressed
from nurture.mail import links
from nurture.models import (
    CheckIn,
    Consent,
    Enrolment,
    Erasure,
    Event,
    Message,
    Subscriber,
    Suppression,
)
from nurture.models.suppression import address_hash
from nurture.sending import PROGRAMME
from tests import smtp
from tests.cast import ANNA, BEN
from tests.factories import SubscriberFactory, checkin, published_sequence, step, text
from tests.nurture.steps import asks, planned

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
PERSONAL = (Subscriber, Consent, Enrolment, Message, CheckIn, Event)


@pytest.fixture(autouse=True)
def _log_of_erasures(settings: Settings, tmp_path: Path) -> None:
    settings.ERASURE_LOG = tmp_path / "erasures.log"


@pytest.fixture
def anna(relay: smtp.Relay) -> Subscriber:
    """Anna with a history: mails, an answer, a consent, an event."""
    sequence = published_sequence(steps=[step(text(), checkin()), step(text(), wait_days=7)])
    asks(ANNA, sequence)
    person = Subscriber.objects.get()
    message = planned(person, sequence)
    sending.send_claimed(PROGRAMME)
    Subscriber.objects.update(consent=ConsentAction.GIVEN)
    Message.objects.update(state=MessageState.ACCEPTED)
    checkins.record(message.public_id, 2, now=timezone.now(), source="link")
    Event.objects.create(
        kind=EventKind.DELIVERED,
        source="x",
        key="x",
        reference="x",
        message=message,
        occurred_at=timezone.now(),
    )
    return Subscriber.objects.get()


def path(url: str) -> str:
    return url.removeprefix("http://localhost:8000")


# ------------------------------------------------------------------ taking it along


def test_the_copy_holds_everything_about_one_person(anna: Subscriber) -> None:
    planned(BEN.joins(), published_sequence(steps=1))

    data = json.dumps(privacy.export(anna))

    for word in (ANNA.address, "Steady weeks", "about_right", "I agree to receive", "delivered"):
        assert word in data
    assert BEN.address not in data
    assert str(anna.pk) not in json.loads(data)


# ------------------------------------------------------------------ having it gone


def test_pressing_erase_erases_and_looking_does_not(client: Client, anna: Subscriber) -> None:
    url = path(links.erase(anna, since=timezone.now()))
    client.get(url)
    assert Subscriber.objects.count() == 1

    page = client.post(url).content.decode()

    assert [model.objects.count() for model in PERSONAL] == [0] * len(PERSONAL)
    report = Erasure.objects.get()
    assert str(report.public_id) in page
    assert "did not find it" in page
    assert client.post(url).status_code == 404


def test_the_report_counts_and_names_nobody(anna: Subscriber) -> None:
    erased = privacy.erase(anna.public_id, now=timezone.now())

    row = Erasure.objects.get()
    assert erased.is_complete
    assert row.counts["Subscriber"] == 1
    assert row.counts["CheckIn"] == 1
    assert ANNA.address not in str(Erasure.objects.values())


def test_a_trace_that_is_left_is_reported(anna: Subscriber) -> None:
    other = SubscriberFactory.create(first_name=f"wrote {ANNA.address.upper()}")
    SubscriberFactory.create(address=f"jo{ANNA.address}")  # somebody else

    erased = privacy.erase(anna.public_id, now=timezone.now())

    assert erased.remains == {"nurture.Subscriber": 1}
    assert other.pk


def test_what_stays_is_a_hash_that_keeps_mail_away_until_a_new_consent(
    anna: Subscriber,
) -> None:
    privacy.erase(anna.public_id, now=timezone.now())

    suppressed = Suppression.objects.get()
    assert suppressed.address_hash == address_hash(ANNA.address)
    assert suppressed.reason == Suppressed.UNSUBSCRIBED
    asks(ANNA, published_sequence(steps=1))
    consent.confirm(Consent.objects.get().public_id, now=timezone.now(), source="link")
    assert not Suppression.objects.exists()


def test_a_mail_that_is_claimed_does_not_leave_after_an_erasure(relay: smtp.Relay) -> None:
    message = planned(ANNA.joins(), published_sequence(steps=1))

    def before_the_fence(_line: str) -> None:
        privacy.erase(message.subscriber.public_id, now=timezone.now())

    before_the_fence("DATA")
    sending.send_claimed(PROGRAMME)

    assert not relay.mails


def test_links_of_an_erased_person_open_nothing(client: Client, anna: Subscriber) -> None:
    now = timezone.now()
    made = [
        links.preferences(anna, since=now),
        links.export(anna, since=now),
        links.erase(anna, since=now),
        links.unsubscribe(anna),
    ]
    privacy.erase(anna.public_id, now=now)

    assert [client.post(path(url)).status_code for url in made] == [404] * 4


# ------------------------------------------------------------------ after a backup was restored


def back_from_a_backup(*, created_at: datetime) -> None:
    person = ANNA.joins()
    Subscriber.objects.filter(pk=person.pk).update(created_at=created_at)


@pytest.mark.parametrize(("days", "stays"), [(-1, False), (1, True)])
def test_a_restored_backup_brings_nobody_back(
    anna: Subscriber,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    days: int,
    stays: bool,  # noqa: FBT001 - who signed up anew afterwards stays
) -> None:
    now = timezone.now()
    with django_capture_on_commit_callbacks(execute=True):
        privacy.erase(anna.public_id, now=now)
    Erasure.objects.all().delete()  # the backup is from before
    back_from_a_backup(created_at=now + days * DAY)
    ben = BEN.joins()

    call_command("replay_erasures")

    assert Subscriber.objects.filter(address=ANNA.address).exists() is stays
    assert Subscriber.objects.filter(pk=ben.pk).exists()


def test_the_log_of_erasures_holds_no_address(
    anna: Subscriber,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        privacy.erase(anna.public_id, now=timezone.now())

    assert ANNA.address not in Path(settings.ERASURE_LOG).read_text()


def test_who_never_confirmed_is_forgotten_after_a_while() -> None:
    now = timezone.now()
    asks(ANNA, published_sequence(steps=1))
    BEN.joins()

    early = privacy.forget_unconfirmed(before=now - DAY)
    late = privacy.forget_unconfirmed(before=now + DAY)

    assert (early, late) == (0, 1)
    assert Subscriber.objects.get().address == BEN.address


NAMED_OTHERWISE = {"created_at": "since", "measured": "clicks_counted"}
NOT_ABOUT_THE_PERSON = {"id", "public_id", "canonical_address", "link_generation"}


def test_whatever_column_a_person_gets_is_in_their_copy(anna: Subscriber) -> None:
    columns = {field.name for field in Subscriber._meta.concrete_fields} - NOT_ABOUT_THE_PERSON

    copy = privacy.export(anna)

    assert not [name for name in columns if NAMED_OTHERWISE.get(name, name) not in copy]
