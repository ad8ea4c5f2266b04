from collections.abc import Iterator
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_DAYS = 92


class ClosureQuerySet(models.QuerySet["Closure"]):
    def days(self) -> frozenset[date]:
        """All days on which the practice is closed, in one query."""
        return frozenset(day for closure in self for day in closure)


class Closure(models.Model):
    """Days on which the practice is closed: no programme mail is due on them."""

    name = models.CharField(_("name"), max_length=80)
    first = models.DateField(_("first day"))
    last = models.DateField(_("last day"), help_text=_("The same day, if it is only one."))

    objects = ClosureQuerySet.as_manager()

    class Meta:
        verbose_name = _("clinic closure")
        verbose_name_plural = _("clinic closures")
        ordering = ["first"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last__gte=models.F("first")), name="closure_ends_after_it_begins"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def __iter__(self) -> Iterator[date]:
        for offset in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=offset)

    def clean(self) -> None:
        super().clean()
        if None in {self.first, self.last}:
            return  # the form has told it
        if self.last < self.first:
            raise ValidationError({"last": _("The last day is before the first.")})
        if (self.last - self.first).days >= LONGEST_DAYS:
            raise ValidationError({"last": _("At most three months; unpublish the sequences.")})
