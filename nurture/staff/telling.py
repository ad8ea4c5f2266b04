"""One plain mail to staff for each halt. No person and no programme stands in it."""

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from nurture.domain.states import Halted
from nurture.models import Halt
from nurture.models.halt import ALL

log = logging.getLogger(__name__)


def tell() -> None:
    """Write to staff about each halt once. A mail that cannot be sent is tried again."""
    for row in Halt.objects.in_force().filter(told_at__isnull=True):
        if not Halt.objects.filter(pk=row.pk, told_at__isnull=True).update(told_at=Now()):
            continue
        try:
            send_mail(
                _("Mail is stopped until you look"), text_about(row), None, [settings.STAFF_ADDRESS]
            )
        except OSError as error:
            Halt.objects.filter(pk=row.pk).update(told_at=None)
            log.warning("could not tell staff of a halt: %s", type(error).__name__)


def text_about(row: Halt) -> str:
    where = _("No programme mail goes out") if row.domain == ALL else row.domain
    why = {
        Halted.COMPLAINTS: _("too many readers called it spam"),
        Halted.BOUNCES: _("too many addresses do not exist"),
        Halted.BY_HAND: _("somebody stopped it"),
    }[Halted(row.reason)]
    return "\n\n".join(
        (
            f"{where}: {why} ({row.bad} / {row.mails}).",
            _("Find out why, then let it go on:"),
            f"{settings.SITE_URL}/admin/sending/",
        )
    )
