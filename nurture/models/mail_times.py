from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.contrib.settings.models import BaseGenericSetting

from nurture.domain import schedule
from nurture.domain.schedule import Calendar, Cap, NeverOpens, Person, Quiet, Window
from nurture.models.sequence import Sequence


class MailTimes(BaseGenericSetting):
    """When the practice wants its people left alone, whatever the sequences say."""

    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(
        _("quiet until"),
        null=True,
        blank=True,
        help_text=_("In the person's own time. No mail of a programme leaves in between."),
    )
    most_mails = models.PositiveSmallIntegerField(
        _("at most so many mails to one person"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "Over all sequences. What is too much waits for the next day: newsletters for "
            "programmes, and these for the replies to check-ins. Nothing is left out. "
            "Confirmations and safety notices always go."
        ),
    )
    within_days = models.PositiveSmallIntegerField(
        _("within so many days"), default=1, validators=[MinValueValidator(1)]
    )

    panels = [
        MultiFieldPanel(
            [FieldRowPanel([FieldPanel("quiet_from"), FieldPanel("quiet_until")])],
            heading=_("Quiet hours"),
        ),
        MultiFieldPanel(
            [FieldRowPanel([FieldPanel("most_mails"), FieldPanel("within_days")])],
            heading=_("Not too many at once"),
        ),
    ]

    class Meta:
        verbose_name = _("quiet hours and number of mails")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | (
                    models.Q(quiet_from__isnull=False, quiet_until__isnull=False)
                    & ~models.Q(quiet_from=models.F("quiet_until"))
                ),
                name="quiet_begins_and_ends",
            ),
            models.CheckConstraint(
                condition=models.Q(within_days__gte=1)
                & (models.Q(most_mails__isnull=True) | models.Q(most_mails__gte=1)),
                name="a_cap_never_drops",
            ),
        ]

    @classmethod
    def now(cls) -> "MailTimes":
        """As they are, without writing anything."""
        return cls.objects.first() or cls()

    @property
    def quiet(self) -> Quiet | None:
        if self.quiet_from is None or self.quiet_until is None:
            return None
        return Quiet(self.quiet_from, self.quiet_until)

    @property
    def cap(self) -> Cap | None:
        return Cap(self.most_mails, self.within_days) if self.most_mails else None

    def clean(self) -> None:
        super().clean()
        if (self.quiet_from is None) != (self.quiet_until is None):
            missing = "quiet_from" if self.quiet_from is None else "quiet_until"
            raise ValidationError({missing: _("Quiet hours begin and end: fill in both.")})
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            raise ValidationError({"quiet_until": _("All day quiet: then nothing would leave.")})
        if self.quiet is not None:
            self._leave_room(self.quiet)

    def _leave_room(self, quiet: Quiet) -> None:
        """Every published sequence still has hours in which its mails can leave."""
        shut = [
            row.title
            for row in Sequence.objects.filter(live=True)
            if not is_open(row.window, quiet)
        ]
        if shut:
            text = _("These sequences send in the quiet hours only: %(titles)s.")
            raise ValidationError({"quiet_until": text % {"titles": ", ".join(shut)}})


def is_open(window: Window, quiet: Quiet) -> bool:
    """Whether mails of this window can leave at all."""
    anybody = Person(ZoneInfo("UTC"))
    try:
        schedule.next_opening(Calendar(window, quiet=quiet), anybody, now=timezone.now())
    except NeverOpens:
        return False
    return True
