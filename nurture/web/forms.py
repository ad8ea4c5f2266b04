from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo, available_timezones

from disposable_email_domains import blocklist
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms import languages
from cms.contraindications import CONTRAINDICATIONS
from nurture import admission, signup
from nurture.blocks.planning import DATES
from nurture.domain import addresses
from nurture.domain.entry import Rule
from nurture.models import Sequence
from nurture.programmes import Offer
from nurture.web import domains

# Regional names only: "EST" and "Etc/GMT+5" do not know about summer time. UTC is what browsers
# say that hide where they are.
ZONES = sorted(
    name
    for name in available_timezones()
    if name == "UTC" or ("/" in name and not name.startswith(("Etc/", "posix")))
)
YEARS_BACK = timedelta(days=366 * 10)
YEARS_AHEAD = timedelta(days=366 * 2)


def first_name_of(text: str) -> str:
    """A name that can stand in a greeting. Raises `ValidationError`."""
    name = text.strip()
    if not name.isprintable():
        raise ValidationError(_("A name has letters only, no line breaks."))
    if "://" in name or "@" in name:
        raise ValidationError(_("Enter a first name, not an address."))
    return name


def address_of(text: str) -> str:
    """One address that mail can go to. Raises `ValidationError`."""
    try:
        address = addresses.parse(text, beyond_ascii=settings.SIGNUP_BEYOND_ASCII)
    except addresses.BadAddress as error:
        raise ValidationError(in_their_language(str(error))) from None
    domain = address.rpartition("@")[2].casefold()
    if settings.SIGNUP_REFUSE_DISPOSABLE and domain in blocklist:
        raise ValidationError(_("Use an address that you will still have in some weeks."))
    if settings.SIGNUP_CHECK_DOMAIN and domains.takes_no_mail(domain):
        raise ValidationError(_("No mail can get to this address. Is the part after the @ right?"))
    return address


class DateField(forms.DateField):
    """A day of a life, by a browser's own calendar."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(**options)

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        today = timezone.localdate()
        if day and not today - YEARS_BACK <= day <= today + YEARS_AHEAD:
            raise ValidationError(_("Is the year right?"))
        return day


class ProgrammeField(forms.ChoiceField):
    """A programme by its key, with hyphens or without: the content API's ids have them."""

    def to_python(self, value: Any) -> str:
        return key_of(super().to_python(value))


def key_of(text: str) -> str:
    return text.replace("-", "")


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
    programme = ProgrammeField(
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
    tags = forms.MultipleChoiceField(
        label=_("Does any of this apply to you?"),
        choices=CONTRAINDICATIONS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Optional. Exercises that are wrong for you are then left out."),
    )
    consent = forms.BooleanField(
        label=_("I agree"),
        error_messages={
            "required": _("Tick the box: we may not write to you without your consent.")
        },
    )
    clicks = forms.BooleanField(required=False, label=_("Counting clicks"))
    website = forms.CharField(required=False, label=_("Leave this empty"))

    def __init__(self, *args: Any, offered: Iterable[Offer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refused: list[Rule] = []  # what keeps the visitor out of the chosen programme
        self.offered = {offer.key: offer for offer in offered}
        choices = [(key, f"{one.diagnosis} — {one.title}") for key, one in self.offered.items()]
        cast("forms.ChoiceField", self.fields["programme"]).choices = choices
        zone = settings.TIME_ZONE
        self.fields["time_zone"].initial = zone if zone in ZONES else "America/New_York"
        asked = {name for one in self.offered.values() for name in one.sequence.asks}
        if settings.SIGNUP_BEYOND_ASCII:  # browsers refuse these as an "email"
            cast("forms.EmailInput", self.fields["address"].widget).input_type = "text"
        if not settings.MEASURE_CLICKS:
            del self.fields["clicks"]
        self.date_names = [name for name, _label in DATES if name in asked]
        for name, label in DATES:
            if name in asked:
                self.fields[f"date_{name}"] = DateField(label=label, required=False)

    @property
    def programmes(self) -> list[Offer]:
        """What is on offer, for the page that explains it."""
        return list(self.offered.values())

    @property
    def date_fields(self) -> list[Any]:
        """Those that some programme needs. Which one needs which stands in the error, if any."""
        return [self[f"date_{name}"] for name in self.date_names]

    def clean_address(self) -> str:
        return address_of(self.cleaned_data["address"])

    def clean_first_name(self) -> str:
        return first_name_of(self.cleaned_data["first_name"])

    def clean_time_zone(self) -> str:
        return ZoneInfo(self.cleaned_data["time_zone"]).key

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.look_for_dates(cleaned)
        if not self.errors:
            self.look_whether_it_fits(cleaned)
        return cleaned

    def look_whether_it_fits(self, cleaned: dict[str, Any]) -> None:
        self.refused = signup.unmet(
            self.sequence,
            language=languages.active(),
            time_zone=cleaned["time_zone"],
            dates=self.dates,
            tags=cleaned["tags"],
            now=timezone.now(),
        )
        if self.refused:
            self.add_error("programme", admission.answer(self.refused))

    def look_for_dates(self, cleaned: dict[str, Any]) -> None:
        chosen = self.offered.get(cleaned.get("programme", ""))
        for name in chosen.sequence.asks if chosen else ():
            field = f"date_{name}"
            if field not in self.errors and not cleaned.get(field):
                self.add_error(field, _("This programme needs the date, to begin in time."))

    @property
    def is_from_a_machine(self) -> bool:
        """People do not see the field `website`; programs that fill every field do."""
        return bool(self.data.get("website"))

    @property
    def agrees_to_clicks(self) -> bool:
        return bool(self.cleaned_data.get("clicks"))

    @property
    def sequence(self) -> Sequence:
        return self.offered[self.cleaned_data["programme"]].sequence

    @property
    def dates(self) -> dict[str, date]:
        """Those that the chosen programme asks for; others are not our business."""
        given = {name: self.cleaned_data.get(f"date_{name}") for name in self.sequence.asks}
        return {name: day for name, day in given.items() if day}


def in_their_language(english: str) -> str:
    """What the library says is wrong with an address, or a plain word to others."""
    if languages.active().startswith("en"):
        return english
    return str(_("Something is wrong with this address. Please check it letter by letter."))
