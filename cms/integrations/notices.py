"""Tells staff by mail that a webhook was switched off. The row remembers whether they know.

A mail that the relay does not take goes with the next ring. The dashboard says the same.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.integrations.models import WebhookEndpoint

log = logging.getLogger(__name__)

LOCK = 7_302_982  # any number that nobody else uses in this database


def tell() -> int:
    """Mail staff about each webhook that they do not know of; how many those were."""
    with alone() as ours:
        unknown = WebhookEndpoint.objects.filter(
            active=False, switched_off_at__isnull=False, staff_told_at=None
        )
        return sum(told(endpoint) for endpoint in unknown if ours)


@contextmanager
def alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        ours = bool(cursor.fetchone()[0])
    try:
        yield ours
    finally:
        if ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def told(endpoint: WebhookEndpoint) -> bool:
    try:
        send_mail(subject(), text(endpoint), None, [settings.STAFF_ADDRESS])
    except (SMTPException, OSError) as error:
        log.warning("could not tell staff of webhook %s: %s", endpoint.pk, type(error).__name__)
        return False
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(staff_told_at=timezone.now())
    return True


def subject() -> str:
    return _("A webhook was switched off")


def text(endpoint: WebhookEndpoint) -> str:
    if endpoint.switched_off_because == "gone":
        why = _("Its server said that it is gone.")
    else:
        why = _("Nothing has arrived for %(days)s days.") % {"days": settings.WEBHOOK_PATIENCE_DAYS}
    address = settings.SITE_URL + reverse("webhooks:edit", args=[endpoint.pk])
    lines = (
        _("The webhook “%(name)s” was switched off.") % {"name": endpoint.name},
        why,
        _("Nothing is sent to it until somebody switches it on again:"),
        address,
    )
    return "\n\n".join(lines) + "\n"
