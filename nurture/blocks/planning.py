"""When a step is due, and whom it is for."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from cms.contraindications import CONTRAINDICATIONS
from cms.exercise_blocks import in_a_row

UNITS = [("hours", _("hours")), ("days", _("days")), ("weeks", _("weeks"))]
AFTER = [
    ("previous", _("after the mail before it")),
    ("start", _("after the start")),
    ("date", _("from a date that the person gave")),
]
# Dates that a signup can ask for. Waits and conditions name one of them.
DATES = [
    ("birth", _("Day of giving birth")),
    ("surgery", _("Day of surgery")),
    ("injury", _("Day of the injury")),
    ("appointment", _("Next appointment")),
]
# Everything that a mail can ask about a week, in the order of the buttons.
ANSWERS = [
    ("too_easy", _("Too easy")),
    ("about_right", _("About right")),
    ("too_hard", _("Too hard")),
    ("hurts_more", _("It hurts more")),
    ("warning_sign", _("I have a warning sign")),
]
LONGEST_WAIT = {"hours": 24 * 60, "days": 365, "weeks": 52}


class WaitBlock(blocks.StructBlock):
    """How long after what. Before a date is a negative number."""

    count = blocks.IntegerBlock(default=7, label=_("How long"))
    unit = blocks.ChoiceBlock(choices=UNITS, default="days", label=_("Unit"))
    after = blocks.ChoiceBlock(choices=AFTER, default="previous", label=_("Counted"))
    date_name = blocks.ChoiceBlock(choices=DATES, required=False, label=_("Which date"))
    weekday = blocks.ChoiceBlock(
        choices=[(str(number), name) for number, name in WEEKDAYS.items()],
        required=False,
        label=_("Then on the next"),
    )

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        faults = {} if self.is_deferred_validation else wait_faults(cleaned)
        if faults:
            raise blocks.StructBlockValidationError(block_errors=faults)
        return cleaned

    class Meta:
        icon = "time"
        label = _("Wait")
        help_text = _("A negative number is a time before a date that the person gave.")
        form_layout = blocks.BlockGroup(
            children=[in_a_row(_("When"), "count", "unit", "after", "date_name", "weekday")]
        )


def wait_faults(wait: Any) -> dict[str, ValidationError]:
    """What is wrong with a wait by itself, by field."""
    faults = {}
    to_a_date = wait["after"] == "date"
    if wait["count"] < 0 and not to_a_date:
        faults["count"] = ValidationError(_("Only a wait for a date can lie before it."))
    elif abs(wait["count"]) > LONGEST_WAIT[wait["unit"]]:
        faults["count"] = ValidationError(_("More than a year. Is the unit right?"))
    if to_a_date and not wait["date_name"]:
        faults["date_name"] = ValidationError(_("Say which date."))
    if not to_a_date and wait["date_name"]:
        faults["date_name"] = ValidationError(_("Only for a wait that is counted from a date."))
    return faults


class LanguageCondition(blocks.StructBlock):
    languages = blocks.CharBlock(
        max_length=80, label=_("Languages"), help_text=_("Codes with commas between: en, es.")
    )

    class Meta:
        icon = "site"
        label = _("Reads one of these languages")
        label_format = "{languages}"


class WeeksSinceCondition(blocks.StructBlock):
    date_name = blocks.ChoiceBlock(choices=DATES, label=_("Since"))
    at_least = blocks.IntegerBlock(
        required=False, min_value=0, max_value=520, label=_("At least so many weeks")
    )
    less_than = blocks.IntegerBlock(
        required=False, min_value=1, max_value=520, label=_("Fewer than so many weeks")
    )

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        low, high = cleaned["at_least"], cleaned["less_than"]
        if not self.is_deferred_validation and None not in (low, high) and low >= high:
            fault = ValidationError(_("No number of weeks is both."))
            raise blocks.StructBlockValidationError(block_errors={"less_than": fault})
        return cleaned

    class Meta:
        icon = "calendar"
        label = _("Weeks since a date")
        form_layout = blocks.BlockGroup(
            children=[in_a_row(_("Weeks"), "date_name", "at_least", "less_than")]
        )


class AnsweredCondition(blocks.StructBlock):
    step = blocks.CharBlock(
        max_length=60, label=_("Earlier step"), help_text=_("By the name of the step that asked.")
    )
    answers = blocks.MultipleChoiceBlock(choices=ANSWERS, label=_("The last answer was"))

    class Meta:
        icon = "help"
        label = _("An earlier answer")
        label_format = "{step}"


class ConditionsBlock(blocks.StreamBlock):
    """All of them must hold. None means everybody."""

    language = LanguageCondition()
    weeks_since = WeeksSinceCondition()
    answered = AnsweredCondition()


class NotDeclaredCondition(blocks.StructBlock):
    tags = blocks.MultipleChoiceBlock(
        choices=CONTRAINDICATIONS, label=_("None of these applies to the person")
    )

    class Meta:
        icon = "cross"
        label = _("Not for people to whom something applies")
        label_format = "{tags}"


class LastAnswerCondition(blocks.StructBlock):
    """For a programme that follows another one."""

    answers = blocks.MultipleChoiceBlock(
        choices=ANSWERS, label=_("The last answer to any check-in was")
    )

    class Meta:
        icon = "help"
        label = _("The last answer")
        label_format = "{answers}"


class EntryBlock(blocks.StreamBlock):
    """Who may start a sequence."""

    language = LanguageCondition()
    weeks_since = WeeksSinceCondition()
    not_declared = NotDeclaredCondition()
    last_answer = LastAnswerCondition()
