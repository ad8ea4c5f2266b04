"""Too many complaints or bounces stop programme mail until a person has looked, and no other."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from cms.models import User
from nurture import brake, counting, events, pace, reputation, sending, tasks
from nurture.domain import reputation as rules
from nurture.domain.counted import Counted
from nurture.domain.reputation import Counts, Limits
from nurture.domain.states import (
    TRANSACTIONAL,
    Braked,
    EventKind,
    Halted,
    MessageState,
    Reason,
)
from nurture.events import Report
from nurture.models import Halt, Message, Sequence
from tests import smtp
from tests.cast import ANNA
from tests.factories import published_sequence
from tests.nurture.steps import asks, crowd

pytestmark = pytest.mark.django_db
LIMITS = Limits(complaints=0.3, bounces=5)
FEW = 4


@pytest.fixture(autouse=True)
def _few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "FEWEST_MAILS", FEW)


@pytest.fixture
def sequence() -> Sequence:
    return published_sequence(steps=1)


def sent(people: int, sequence: Sequence, relay: smtp.Relay) -> list[Message]:
    crowd(people, sequence)
    sending.send_claimed(sending.PROGRAMME)
    return list(Message.objects.filter(state=MessageState.ACCEPTED).order_by("pk"))


def test_a_provider_whose_mails_bounce_carries_no_more_programme_mail(
    sequence: Sequence, relay: smtp.Relay, settings: Settings
) -> None:
    other = smtp.provider_at(relay.port, name="other")
    settings.MAIL_PROVIDERS = (relay.provider, other)
    settings.MAIL_BOUNCE_PERCENT = 30
    mails = sent(FEW, sequence, relay)
    Message.objects.update(address="somebody@else.where")
    settings.MAIL_PROVIDERS = (other, relay.provider)
    sent(FEW, published_sequence(steps=1, title="Another"), relay)
    for message in mails[:2]:
        says(EventKind.HARD_BOUNCE, message)

    reputation.watch(timezone.now())

    stopped = set(Halt.objects.in_force().values_list("domain", flat=True))
    assert stopped == {"relay", "else.where"}
    assert pace.take({"new.org": 1}, provider="relay")["new.org"].mails == 0
    assert pace.take({"new.org": 1}, provider="other")["new.org"].mails == 1


def says(kind: EventKind, message: Message) -> None:
    events.record(
        Report(
            kind=kind,
            source="provider",
            key=f"{kind} {message.pk}",
            occurred_at=timezone.now(),
            message=message.public_id,
        )
    )


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        (Counts(1_000, 3, 0), None),
        (Counts(1_000, 4, 0), (Halted.COMPLAINTS, 4)),
        (Counts(1_000, 0, 50), None),
        (Counts(1_000, 0, 51), (Halted.BOUNCES, 51)),
        (Counts(3, 3, 3), None),
    ],
)
def test_how_much_is_too_much(counts: Counts, found: tuple[Halted, int] | None) -> None:
    assert rules.judge(counts, LIMITS) == found


def test_a_limit_of_nothing_never_stops() -> None:
    assert rules.judge(Counts(1_000, 900, 900), Limits(0, 0)) is None


def test_complaints_stop_the_next_programme_mails_and_confirmations_go_on(
    sequence: Sequence, relay: smtp.Relay
) -> None:
    says(EventKind.COMPLAINED, sent(5, sequence, relay)[0])

    new = reputation.watch(timezone.now())
    crowd(2, sequence)
    asks(ANNA, sequence)
    sending.send_claimed(sending.PROGRAMME)
    sending.send_claimed(TRANSACTIONAL)

    assert new == 2  # the domain, and all together
    assert len(relay.mails) == 6
    waiting = Message.objects.filter(state=MessageState.QUEUED)
    assert set(waiting.values_list("reason", "attempts")) == {(Reason.PACED, 0)}


def test_addresses_that_the_relay_refuses_count_as_bounces(
    sequence: Sequence, relay: smtp.Relay
) -> None:
    relay.refuse(smtp.Phase.RCPT, 550, times=2)
    sent(6, sequence, relay)

    reputation.watch(timezone.now())

    assert Halt.objects.get(domain="*").reason == Halted.BOUNCES


def test_one_domain_stops_and_the_others_do_not(sequence: Sequence, relay: smtp.Relay) -> None:
    reputation.halt("example.net", Halted.COMPLAINTS)
    crowd(2, sequence)
    Message.objects.filter(pk=Message.objects.earliest("pk").pk).update(address="a@example.net")

    sending.send_claimed(sending.PROGRAMME)

    assert len(relay.mails) == 1


def test_staff_are_told_once_and_nobody_is_named(
    sequence: Sequence, relay: smtp.Relay, settings: Settings
) -> None:
    settings.STAFF_ADDRESS = "staff@example.org"
    message = sent(5, sequence, relay)[0]
    says(EventKind.COMPLAINED, message)

    for _round in range(2):
        tasks.watch_reputation()

    assert {tuple(one.to) for one in mail.outbox} == {("staff@example.org",)}
    assert len(mail.outbox) == 2
    told = " ".join(f"{one.subject} {one.body}" for one in mail.outbox)
    assert "/admin/sending/" in told
    assert message.address not in told
    assert sequence.title not in told


def test_after_a_person_let_it_go_on_the_old_complaints_do_not_count(
    sequence: Sequence, relay: smtp.Relay
) -> None:
    says(EventKind.COMPLAINED, sent(5, sequence, relay)[0])
    reputation.watch(timezone.now())

    call_command("resume_sending", "--domain", "*", stdout=StringIO())
    reputation.release("example.org")

    assert reputation.watch(timezone.now() + timedelta(hours=1)) == 0
    assert not Halt.objects.in_force().exists()


def test_a_halt_is_one_halt_however_often_it_is_seen() -> None:
    first, second = (reputation.halt("a.org", Halted.BOUNCES) for _time in range(2))

    assert (first, second) == (True, False)
    assert counting.of_days(1)[Counted.HALTED] == 1


# ------------------------------------------------------------------ what staff see


@pytest.fixture
def steering(client: Client) -> Client:
    user = User.objects.create_user("vera", "vera@example.org", "a long password indeed")
    names = ["steer", "access_admin"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    return client


def test_staff_are_told_in_words_why_a_mail_could_not_be_sent(
    steering: Client, sequence: Sequence, relay: smtp.Relay
) -> None:
    crowd(2, sequence)
    first, _second = Message.objects.order_by("pk")
    Message.objects.filter(pk=first.pk).update(address="jürgen@example.org")
    sending.send_claimed(sending.PROGRAMME)

    page = steering.get(reverse("sending")).content.decode()

    assert "<td>the relay cannot write the address (no SMTPUTF8)</td>" in page
    assert "rgen@example.org" not in page


def test_staff_see_what_waits_and_let_mail_go_on(steering: Client, sequence: Sequence) -> None:
    crowd(3, sequence)
    reputation.halt("a.org", Halted.COMPLAINTS, 7, mails=900)

    page = steering.get(reverse("sending")).content.decode()
    home = steering.get(reverse("wagtailadmin_home")).content.decode()
    steering.post(reverse("sending"), {"domain": "a.org"})

    assert "Stopped: a.org, because of complaints (7 of 900 mails" in page
    assert "programme" in page
    assert "Stopped: a.org" in home
    assert "@example.org" not in page
    assert not Halt.objects.in_force().exists()


def test_staff_see_that_a_restored_database_sends_nothing(steering: Client) -> None:
    brake.pull(Braked.RESTORED)

    assert "restored" in steering.get(reverse("sending")).content.decode()
    assert "restored" in steering.get(reverse("wagtailadmin_home")).content.decode()


def test_steering_needs_its_permission(client: Client) -> None:
    user = User.objects.create_user("otto", "otto@example.org", "a long password indeed")
    user.user_permissions.set(Permission.objects.filter(codename="access_admin"))
    client.force_login(user)

    answer = client.get(reverse("sending"))

    assert answer.status_code in {302, 403}
