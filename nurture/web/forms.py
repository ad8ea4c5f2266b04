from collections.abc import Iterable
from typing import Any, cast
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cms import languages
from nurture.domain import addresses
from nurture.models import Sequence
from nurture.programmes import Offer

# Canonical regional names only: "EST" and "Etc/GMT+5" do not know about summer time.
ZONES = sorted(
    name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix"))
)


def first_name_of(text: str) -> str:
    """A name that can stand in a greeting. Raises `ValidationError`."""
    name = text.strip()
    if not name.isprintable():
        raise ValidationError(_("A name has letters only, no line breaks."))
    if "://" in name or "@" in name:
        raise ValidationError(_("Enter a first name, not an address."))
    return name


class SignupForm(forms.Form):
    """A signup by a person. Unknown fields are ignored; every known one is looked at."""

    address = forms.CharField(
        label=_("E-mail address"),
        max_length=addresses.MAXIMUM_LENGTH,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
        error_messages={"required": _("Enter your e-mail address, so that we can write to you.")},
    )
    first_name = forms.CharField(
        label=_("First name"),
        required=False,
        max_length=80,
        help_text=_("Optional. For the greeting in your mails."),
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    programme = forms.ChoiceField(
        label=_("Your programme"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the programme that fits your diagnosis."),
            "invalid_choice": _("This programme is not on offer. Choose one of the list."),
        },
    )
    time_zone = forms.ChoiceField(
        label=_("Your time zone"),
        choices=[(name, name.replace("_", " ")) for name in ZONES],
        help_text=_("So that mails arrive in your morning, not in ours."),
        error_messages={"invalid_choice": _("Choose a time zone from the list.")},
    )
    consent = forms.BooleanField(
        label=_("I agree"),
        error_messages={
            "required": _("Tick the box: we may not write to you without your consent.")
        },
    )
    website = forms.CharField(required=False, label=_("Leave this empty"))

    def __init__(self, *args: Any, offered: Iterable[Offer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {offer.key: offer for offer in offered}
        choices = [(key, f"{one.diagnosis} — {one.title}") for key, one in self.offered.items()]
        cast("forms.ChoiceField", self.fields["programme"]).choices = choices
        zone = settings.TIME_ZONE
        self.fields["time_zone"].initial = zone if zone in ZONES else "America/New_York"

    @property
    def programmes(self) -> list[Offer]:
        """What is on offer, for the page that explains it."""
        return list(self.offered.values())

    def clean_address(self) -> str:
        try:
            return addresses.parse(self.cleaned_data["address"])
        except addresses.BadAddress as error:
            raise ValidationError(in_their_language(str(error))) from None

    def clean_first_name(self) -> str:
        return first_name_of(self.cleaned_data["first_name"])

    def clean_time_zone(self) -> str:
        return ZoneInfo(self.cleaned_data["time_zone"]).key

    @property
    def is_from_a_machine(self) -> bool:
        """People do not see the field `website`; programs that fill every field do."""
        return bool(self.data.get("website"))

    @property
    def sequence(self) -> Sequence:
        return self.offered[self.cleaned_data["programme"]].sequence


def in_their_language(english: str) -> str:
    """What the library says is wrong with an address, or a plain word to others."""
    if languages.active().startswith("en"):
        return english
    return str(_("Something is wrong with this address. Please check it letter by letter."))
