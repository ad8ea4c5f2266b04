"""One plain mail to staff for each halt and each long outage, without a person or a programme."""

import logging
from datetime import timedelta
from typing import Any

from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import send_mail
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from nurture.domain.provider import Provider
from nurture.domain.states import Halted
from nurture.mail import service
from nurture.mail.backend import EmailBackend
from nurture.models import Halt, Outage
from nurture.models.halt import ALL

log = logging.getLogger(__name__)

LONG = timedelta(minutes=15)


def tell() -> None:
    """Write to staff about each halt and each long outage once; again if a mail cannot be sent."""
    for halt in Halt.objects.in_force().filter(told_at__isnull=True):
        tell_once(
            Halt.objects.filter(pk=halt.pk), _("Mail is stopped until you look"), text_about(halt)
        )
    for outage in Outage.objects.lasting(LONG).filter(told_at__isnull=True):
        tell_once(
            Outage.objects.filter(pk=outage.pk),
            _("A provider takes no mail"),
            text_about_outage(outage),
        )


def tell_once(row: "QuerySet[Any]", subject: str, text: str) -> None:
    if not row.filter(told_at__isnull=True).update(told_at=Now()):
        return
    try:
        send_mail(subject, text, None, [settings.STAFF_ADDRESS], connection=connection())
    except (OSError, AnymailError, ImproperlyConfigured) as error:
        row.update(told_at=None)
        log.warning("could not tell staff: %s", type(error).__name__)


def connection() -> Any:
    """By the first provider that works; None is the usual way of the installation's own mails."""
    away = set(Outage.objects.values_list("provider", flat=True))
    first, *others = settings.MAIL_PROVIDERS
    if first.name not in away:
        return None
    return next((connection_to(one) for one in others if one.name not in away), None)


def connection_to(provider: Provider) -> Any:
    return service.backend(provider) if provider.service else EmailBackend(provider=provider)


def text_about(row: Halt) -> str:
    why = {
        Halted.COMPLAINTS: _("too many readers called it spam"),
        Halted.BOUNCES: _("too many addresses do not exist"),
        Halted.BY_HAND: _("somebody stopped it"),
    }[Halted(row.reason)]
    return as_letter(
        f"{where(row)}: {why} ({row.bad} / {row.mails}).",
        _("Find out why, then let it go on:"),
    )


def where(row: Halt) -> str:
    if row.domain == ALL:
        return _("No programme mail goes out")
    if "." not in row.domain:
        return _("No programme mail goes by the provider %(name)s") % {"name": row.domain}
    return row.domain


def text_about_outage(row: Outage) -> str:
    since = date_format(localtime(row.since), "DATETIME_FORMAT")
    about = {"name": row.provider, "since": since}
    if len(settings.MAIL_PROVIDERS) > 1:
        meanwhile = _("Mail goes by the next provider meanwhile, if that takes it.")
    else:
        meanwhile = _("Mail waits, and none is lost. Programme mails expire after four days.")
    return as_letter(
        _("The provider %(name)s has taken no mail since %(since)s.") % about,
        meanwhile,
        _("It is tried again by itself. More about it:"),
    )


def as_letter(*paragraphs: str) -> str:
    return "\n\n".join((*paragraphs, f"{settings.SITE_URL}/admin/sending/"))
