"""Staff see which provider takes no mail, and are written to once when it lasts."""

import smtplib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from cms.models import User
from nurture import routing, tasks
from nurture.domain.retry import Answer
from nurture.models import Outage
from nurture.staff import telling
from tests import postmark, smtp
from tests.nurture.steps import time_passes
from tests.smtp import Relay

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(settings: Settings) -> Iterator[Relay]:
    with Relay() as server:
        settings.MAIL_PROVIDERS = (
            smtp.provider_at(1, login="us:secret@", name="first"),
            smtp.provider_at(server.port, name="second"),
        )
        yield server


@pytest.fixture
def staff(client: Client) -> Client:
    user = User.objects.create_user("steer", password="x")
    user.user_permissions.set(Permission.objects.filter(codename__in=["steer", "access_admin"]))
    client.force_login(user)
    return client


def away(since: timedelta, answer: Answer = Answer.AWAY, provider: str = "first") -> None:
    routing.failed(provider, answer, again=False)
    time_passes(since)


def test_all_is_well(staff: Client, second: Relay) -> None:
    page = staff.get(reverse("sending")).content.decode()

    assert page.count("Takes mail.") == 2
    assert "takes no mail" not in staff.get(reverse("wagtailadmin_home")).content.decode()


def test_the_page_says_since_when_and_why_and_no_secret(staff: Client, second: Relay) -> None:
    away(timedelta(minutes=1), Answer.NOT_US)

    page = staff.get(reverse("sending")).content.decode()

    assert "it refuses us" in page
    assert page.count("Takes mail.") == 1
    assert "secret" not in page


def test_the_dashboard_says_it_when_it_lasts(staff: Client, second: Relay) -> None:
    away(timedelta(minutes=1))
    early = staff.get(reverse("wagtailadmin_home")).content.decode()
    time_passes(telling.LONG)

    late = staff.get(reverse("wagtailadmin_home")).content.decode()

    assert "first takes no mail" not in early
    assert "first takes no mail" in late


def test_staff_are_written_to_once_by_the_provider_that_works(second: Relay) -> None:
    away(timedelta(minutes=1))
    tasks.watch_reputation()
    early = len(second.mails)
    time_passes(telling.LONG)

    tasks.watch_reputation()
    tasks.watch_reputation()

    (told,) = second.mails
    text = told.message.get_content()
    assert early == 0
    assert "first" in text
    assert "next provider" in text
    assert "/admin/sending/" in text


def test_the_next_outage_is_told_again(second: Relay) -> None:
    away(telling.LONG)
    tasks.watch_reputation()
    routing.worked("first")
    away(telling.LONG)

    tasks.watch_reputation()

    assert len(second.mails) == 2


def test_who_could_not_be_told_is_told_later(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: object, **_options: object) -> None:
        raise smtplib.SMTPServerDisconnected

    away(telling.LONG, provider="relay")
    with monkeypatch.context() as broken:
        broken.setattr(telling, "send_mail", fails)
        tasks.watch_reputation()

    tasks.watch_reputation()

    (told,) = mail.outbox
    assert "none is lost" in told.body
    assert Outage.objects.get().told_at is not None


def test_a_service_can_carry_the_word_too(settings: Settings) -> None:
    with postmark.serve() as service:
        settings.MAIL_PROVIDERS = (smtp.provider_at(1, name="first"), service.provider())
        away(telling.LONG)

        tasks.watch_reputation()

    assert service.mails[0]["Subject"] == "A provider takes no mail"
    assert Outage.objects.get(told_at__lte=timezone.now())
