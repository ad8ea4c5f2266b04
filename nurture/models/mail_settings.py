from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.settings.models import BaseGenericSetting


class MailSettings(BaseGenericSetting):
    """What stands in every mail of a programme. A change is compiled into all of them."""

    address = models.CharField(
        _("postal address"),
        max_length=300,
        blank=True,
        help_text=_("Required by law in every mail. Empty: the address of the installation."),
    )
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    emergency_number = models.CharField(_("emergency number"), max_length=20, default="911")

    panels = ["address", "phone", "emergency_number"]

    class Meta:
        verbose_name = _("mails")
