"""Staff hear once of each webhook that was switched off."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from cms.integrations import doorbell, notices, webhooks
from cms.integrations.models import WebhookEndpoint
from tests.cms.integrations.conftest import announced, endpoint
from tests.cms.integrations.receiver import Receiver, answers

pytestmark = pytest.mark.usefixtures("rings")


def switched_off(because: str = "failing") -> WebhookEndpoint:
    return endpoint(
        "https://hooks.example.org/",
        active=False,
        switched_off_at=timezone.now(),
        switched_off_because=because,
    )


def test_an_endpoint_that_fails_too_long_is_told_of_by_mail(
    db: None, receiver: Receiver, settings: Settings
) -> None:
    settings.STAFF_ADDRESS = "front-desk@example.org"
    receiver.behaviours["/hook"] = answers(500)
    long_ago = timezone.now() - timedelta(days=settings.WEBHOOK_PATIENCE_DAYS, hours=1)
    hook = endpoint(receiver.url(), failing_since=long_ago)
    announced()

    doorbell.send_webhooks()
    doorbell.send_webhooks()

    [told] = mail.outbox
    assert told.to == ["front-desk@example.org"]
    assert told.subject == "A webhook was switched off"
    assert "“website”" in told.body
    assert "Nothing has arrived for 5 days." in told.body
    assert f"{settings.SITE_URL}/admin/integrations/webhooks/edit/{hook.pk}/" in told.body


def test_the_reason_is_said(db: None) -> None:
    switched_off("gone")

    assert notices.tell() == 1

    assert "said that it is gone" in mail.outbox[0].body


def test_what_a_person_switched_off_is_no_news(db: None) -> None:
    endpoint("https://hooks.example.org/", active=False)

    assert notices.tell() == 0


def test_a_relay_that_is_away_only_delays_it(
    db: None, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    switched_off()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    assert notices.tell() == 0
    assert "could not tell staff" in caplog.text
    assert settings.STAFF_ADDRESS not in caplog.text

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert notices.tell() == 1


def test_one_that_fails_again_is_told_of_again(db: None) -> None:
    hook = switched_off()
    notices.tell()
    hook.refresh_from_db()
    webhooks.switch_on(hook)
    hook.active, hook.switched_off_at = False, timezone.now()
    hook.save()

    assert notices.tell() == 1


def test_nobody_hears_of_it_from_two_workers(committed: None) -> None:
    switched_off()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [notices.LOCK])

    assert notices.tell() == 0

    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [notices.LOCK])
    assert notices.tell() == 1
    other.close()
