"""The forms of the preferences page. Each changes one thing."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from cms.contraindications import CONTRAINDICATIONS
from nurture.blocks.planning import DATES
from nurture.models import Sequence
from nurture.preferences import LONGEST_PAUSE
from nurture.programmes import Offer
from nurture.web.forms import ZONES, DateField, first_name_of


class PauseForm(forms.Form):
    """For so many weeks, or until a day. A day wins: it is the more exact of the two."""

    weeks = forms.TypedChoiceField(
        label=_("For"),
        choices=[("1", _("one week")), ("2", _("two weeks")), ("4", _("four weeks"))],
        coerce=int,
        required=False,
        empty_value=None,
    )
    until = DateField(label=_("Or until"), required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_until(self) -> date | None:
        until: date | None = self.cleaned_data["until"]
        if until and not self.today < until <= self.today + LONGEST_PAUSE:
            raise ValidationError(_("Choose a day after today and within a year."))
        return until

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("weeks") and not cleaned.get("until"):
            raise ValidationError(_("Say for how long."))
        return cleaned

    @property
    def day(self) -> date:
        until: date | None = self.cleaned_data["until"]
        return until or self.today + timedelta(weeks=self.cleaned_data["weeks"])


class TimeForm(forms.Form):
    weekday = forms.TypedChoiceField(
        label=_("Day of the week"),
        choices=[("", _("Any day")), *((str(number), name) for number, name in WEEKDAYS.items())],
        coerce=int,
        empty_value=None,
        required=False,
    )
    hour = forms.TypedChoiceField(
        label=_("Not before"),
        choices=[("", _("Any time")), *((str(hour), f"{hour:02}:00") for hour in range(24))],
        coerce=int,
        empty_value=None,
        required=False,
    )
    time_zone = forms.ChoiceField(
        label=_("Your time zone"), choices=[(name, name.replace("_", " ")) for name in ZONES]
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class DataForm(forms.Form):
    """What is known about the person and can be corrected: name, dates, what was declared.

    `needed` names dates that a programme counts from, so that they cannot just go.
    """

    first_name = forms.CharField(
        label=_("First name"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )

    tags = forms.MultipleChoiceField(
        label=_("Does any of this apply to you?"),
        choices=CONTRAINDICATIONS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    # Boxes that nobody ticked say nothing; this says that they were there.
    tags_shown = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, names: Iterable[str], needed: Iterable[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.needed = set(needed)
        self.names = [(name, label) for name, label in DATES if name in set(names)]
        for name, label in self.names:
            self.fields[name] = DateField(label=label, required=False)

    def clean_first_name(self) -> str:
        return first_name_of(self.cleaned_data["first_name"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in self.needed:
            if name not in self.errors and not cleaned.get(name):
                self.add_error(name, _("Your programme counts from this date."))
        return cleaned

    @property
    def lines(self) -> list[Any]:
        """The fields of one line each, for the page."""
        return [self["first_name"], *(self[name] for name, _label in self.names)]

    @property
    def dates(self) -> dict[str, date | None]:
        return {name: self.cleaned_data.get(name) for name, _label in self.names}

    def tags_or(self, known: Iterable[str]) -> list[str]:
        """What is declared now; as it was if the boxes were not part of the form."""
        return list(self.cleaned_data["tags"] if self.cleaned_data["tags_shown"] else known)


class ProgrammeForm(forms.Form):
    """Another programme than the one that runs."""

    programme = forms.ChoiceField(label=_("Change to"))
    consent = forms.BooleanField(
        label=_("I agree"),
        error_messages={
            "required": _("Tick the box: we may not write to you without your consent.")
        },
    )

    def __init__(self, *args: Any, offered: Iterable[Offer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {one.key: one for one in offered}
        choices = [(key, f"{one.diagnosis} — {one.title}") for key, one in self.offered.items()]
        cast("forms.ChoiceField", self.fields["programme"]).choices = choices

    @property
    def sequence(self) -> Sequence:
        return self.offered[self.cleaned_data["programme"]].sequence
