from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from nurture.domain.schedule import EVERY_DAY


def every_weekday() -> list[int]:
    return sorted(EVERY_DAY)


class WeekdaysField(ArrayField):  # type: ignore[type-arg]  # not subscriptable at run time
    """Days of the week as numbers, Monday is 0; in a form, seven boxes to tick."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("base_field", models.PositiveSmallIntegerField())
        super().__init__(**options)

    def formfield(self, **_options: Any) -> forms.Field:
        return forms.TypedMultipleChoiceField(
            label=self.verbose_name,
            choices=list(WEEKDAYS.items()),
            coerce=int,
            initial=every_weekday,
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": _("Choose at least one day, or no mail would ever leave.")},
        )
