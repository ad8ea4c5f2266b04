"""The StreamField blocks of an exercise: its steps, its dosage, and what shows it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageBlock

from cms.dosage import Dosage

PREVIEWS = "cms/blocks/previews"

SIDES = [
    ("both", _("Both sides together")),
    ("each_side", _("Each side")),
    ("alternating", _("Alternating sides")),
]

PER = [("day", _("times a day")), ("week", _("days a week"))]

LOADS = [
    ("kg", "kg"),
    ("lb", "lb"),
    ("band", _("elastic band")),
    ("percent_1rm", _("% of the most one can lift once (1RM)")),
    ("rir", _("repetitions left in reserve (RIR)")),
    ("rpe", _("effort from 0 to 10 (RPE)")),
]
MOST = {"percent_1rm": 100, "rir": 10, "rpe": 10}  # of what is counted on a scale
TEMPO = r"^\d{1,2}(-\d{1,2}){2,3}\Z"

DAYS_A_WEEK = 7
DAYS_WITH_REST = 4  # Monday, Wednesday, Friday, Sunday
RANGES = [("sets_from", "sets_to"), ("reps_from", "reps_to")]


class StepBlock(blocks.StructBlock):
    """One action of an exercise."""

    text = blocks.TextBlock(
        max_length=400,
        rows=2,
        label=_("What to do"),
        help_text=_(
            "One action. Leave out how often: the dosage says it, and a mail may change it."
        ),
    )
    picture = ImageBlock(
        required=False,
        label=_("Picture"),
        help_text=_("Describe what the picture shows, or mark it as decorative."),
    )
    seconds = blocks.IntegerBlock(
        required=False,
        min_value=1,
        max_value=600,
        label=_("Seconds"),
        help_text=_("Only if this step takes a fixed time."),
    )

    class Meta:
        icon = "list-ol"
        label = _("Step")
        label_format = "{text}"
        form_layout = blocks.BlockGroup(children=["text"], settings=["picture", "seconds"])
        description = _("One action of the exercise, with a picture if words are not enough.")
        preview_template = f"{PREVIEWS}/step.html"
        preview_value = {"text": _("Press through your heels and lift your hips."), "seconds": 5}


class MistakeBlock(blocks.StructBlock):
    """What often goes wrong, and how to put it right."""

    mistake = blocks.CharBlock(
        max_length=200,
        label=_("What goes wrong"),
        help_text=_("What the person would see or feel."),
    )
    fix = blocks.CharBlock(
        max_length=300,
        label=_("How to put it right"),
        help_text=_("Something to do, not to avoid."),
    )

    class Meta:
        icon = "cross"
        label = _("Mistake")
        label_format = "{mistake}"
        description = _("What often goes wrong, and how to put it right.")
        preview_template = f"{PREVIEWS}/mistake.html"
        preview_value = {
            "mistake": _("Your lower back arches."),
            "fix": _("Lift a little less high and breathe out on the way up."),
        }


def in_a_row(heading: Any, *names: str) -> blocks.BlockGroup:
    """Short fields side by side; the style is in `cms/editor.css`."""
    return blocks.BlockGroup(
        children=[*names], heading=heading, icon="time", classname="in-a-row", label_format=""
    )


class DosageBlock(blocks.StructBlock):
    """How much of an exercise. Every field may stay empty; what is filled reads as a sentence."""

    sets_from = blocks.IntegerBlock(
        required=False, min_value=1, max_value=10, label=_("Sets, from")
    )
    sets_to = blocks.IntegerBlock(required=False, min_value=1, max_value=10, label=_("Sets, to"))
    reps_from = blocks.IntegerBlock(
        required=False, min_value=1, max_value=100, label=_("Repetitions, from")
    )
    reps_to = blocks.IntegerBlock(
        required=False, min_value=1, max_value=100, label=_("Repetitions, to")
    )
    hold_seconds = blocks.IntegerBlock(
        required=False, min_value=1, max_value=600, label=_("Hold (seconds)")
    )
    duration_seconds = blocks.IntegerBlock(
        required=False, min_value=5, max_value=7_200, label=_("Duration (seconds)")
    )
    rest_seconds = blocks.IntegerBlock(
        required=False, min_value=5, max_value=600, label=_("Rest between sets (seconds)")
    )
    side = blocks.ChoiceBlock(choices=SIDES, default="both", label=_("Side"))
    load_value = blocks.FloatBlock(required=False, min_value=0, max_value=200, label=_("Load"))
    load_unit = blocks.ChoiceBlock(choices=LOADS, required=False, label=_("Unit of the load"))
    tempo = blocks.RegexBlock(
        TEMPO,
        required=False,
        max_length=11,
        label=_("Tempo"),
        help_text=_("Seconds down, pause, up, pause: 3-1-1-0."),
        error_messages={"invalid": _("Write three or four counts of seconds, like 3-1-1-0.")},
    )
    effort_max = blocks.IntegerBlock(
        required=False,
        min_value=0,
        max_value=10,
        label=_("Effort, at most"),
        help_text=_("0 is rest, 10 is all you have."),
    )
    pain_max = blocks.IntegerBlock(
        required=False,
        min_value=0,
        max_value=10,
        label=_("Discomfort, at most"),
        help_text=_("0 is none, 10 is the worst."),
    )
    times = blocks.IntegerBlock(required=False, min_value=1, max_value=20, label=_("How often"))
    per = blocks.ChoiceBlock(choices=PER, default="week", label=_("In a day or a week"))
    non_consecutive = blocks.BooleanBlock(
        required=False, label=_("With a day of rest in between"), help_text=_("For days a week.")
    )
    weeks = blocks.IntegerBlock(
        required=False, min_value=1, max_value=52, label=_("For how many weeks")
    )

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        faults = {} if self.is_deferred_validation else dosage_faults(cleaned)
        if faults:
            raise blocks.StructBlockValidationError(block_errors=faults)
        return cleaned

    def get_preview_context(
        self, value: Any, parent_context: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        return {**(parent_context or {}), "dosage": dosage_of(value)}

    class Meta:
        icon = "time"
        label = _("Dosage")
        form_layout = blocks.BlockGroup(
            children=[
                in_a_row(_("How many"), "sets_from", "sets_to", "reps_from", "reps_to"),
                in_a_row(_("How long"), "hold_seconds", "duration_seconds", "rest_seconds"),
                in_a_row(_("How hard"), "load_value", "load_unit", "tempo"),
                in_a_row(_("At most"), "effort_max", "pain_max"),
                in_a_row(_("How often"), "times", "per", "non_consecutive", "weeks", "side"),
            ]
        )
        label_format = "{sets_from} x {reps_from}"
        description = _("How much and how often. The page says it as one sentence.")
        preview_template = f"{PREVIEWS}/dosage.html"
        preview_value = {
            "sets_from": 2,
            "sets_to": 3,
            "reps_from": 8,
            "reps_to": 12,
            "hold_seconds": 5,
            "effort_max": 6,
            "times": 3,
            "per": "week",
            "non_consecutive": True,
        }


def dosage_faults(values: Any) -> dict[str, ValidationError]:
    """What is wrong with the numbers of a dosage, by field."""
    faults = unit_faults(values) | {
        high: ValidationError(_("The upper end is below the lower end."))
        for low, high in RANGES
        if values[low] and values[high] and values[high] < values[low]
    }
    if values["per"] == "week" and (values["times"] or 0) > DAYS_A_WEEK:
        faults["times"] = ValidationError(_("A week has seven days."))
    elif values["per"] == "week" and values["non_consecutive"] and too_many_for_rest(values):
        faults["times"] = ValidationError(_("Four days at most leave a day of rest in between."))
    if values["per"] == "day" and values["non_consecutive"]:
        faults["non_consecutive"] = ValidationError(_("This is for days a week."))
    return faults


def too_many_for_rest(values: Any) -> bool:
    return bool((values["times"] or 0) > DAYS_WITH_REST)


def unit_faults(values: Any) -> dict[str, ValidationError]:
    """A load without its unit means nothing, nor does a unit without its load."""
    load, unit = values["load_value"], values["load_unit"]
    if load is not None and not unit:
        return {"load_unit": ValidationError(_("Say in which unit the load is."))}
    if load is None and unit and unit != "band":
        return {"load_value": ValidationError(_("Say how much, or leave the unit empty."))}
    if load is not None and load > MOST.get(unit, load):
        most = {"most": MOST[unit]}
        return {"load_value": ValidationError(_("%(most)s is the most.") % most)}
    return {}


def dosage_of(value: blocks.StructValue) -> Dosage:
    """The dosage that a `DosageBlock` holds."""
    return Dosage.from_mapping(value)
