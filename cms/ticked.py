from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.db import models


class TickedField(ArrayField):  # type: ignore[type-arg]  # not subscriptable at run time
    """Any of some choices, none by default; in a form, boxes to tick."""

    def __init__(self, *, choices: Iterable[tuple[str, Any]] = (), **options: Any) -> None:
        self.ticks = list(choices)
        options.setdefault("base_field", models.CharField(max_length=40))
        options.setdefault("default", list)
        options.setdefault("blank", True)
        super().__init__(**options)

    def formfield(self, **_options: Any) -> forms.Field:
        return forms.MultipleChoiceField(
            label=self.verbose_name,
            choices=self.ticks,
            required=not self.blank,
            help_text=self.help_text,
            widget=forms.CheckboxSelectMultiple,
        )
