"""The question in a mail, and what each answer does."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from nurture.blocks.planning import ANSWERS
from nurture.domain.feedback import MOST_REPEATS, WARNING_SIGN, Action, Silence

DOES = [
    (Action.ADVANCE.value, _("go on to the next step")),
    (Action.REPEAT.value, _("repeat this step")),
    (Action.STEP_BACK.value, _("go back to another step")),
    (Action.HOLD.value, _("wait, and tell the clinic")),
    (Action.STOP.value, _("stop, and show the safety text")),
]
SILENCE = [
    (Silence.REPEAT_ONCE_THEN_HOLD.value, _("repeat the step once, then wait and tell the clinic")),
    (Silence.ADVANCE.value, _("go on to the next step")),
]
SAFETY = _(
    "Please stop these exercises today. Call emergency services if it is severe or gets worse "
    "quickly; otherwise see a doctor today."
)
USUAL = [
    {"answer": "too_easy", "does": "advance", "label": "", "to": ""},
    {"answer": "about_right", "does": "advance", "label": "", "to": ""},
    {"answer": "too_hard", "does": "repeat", "label": "", "to": ""},
    {"answer": "hurts_more", "does": "hold", "label": "", "to": ""},
    {"answer": "warning_sign", "does": "stop", "label": "", "to": ""},
]


class AnswerBlock(blocks.StructBlock):
    answer = blocks.ChoiceBlock(choices=ANSWERS, label=_("Answer"))
    label = blocks.CharBlock(
        max_length=40, required=False, label=_("In your words"), help_text=_("On the button.")
    )
    does = blocks.ChoiceBlock(choices=DOES, label=_("What it does"))
    to = blocks.CharBlock(
        max_length=60,
        required=False,
        label=_("Back to"),
        help_text=_("The name of an earlier step, if it goes back."),
    )

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        faults = {} if self.is_deferred_validation else answer_faults(cleaned)
        if faults:
            raise blocks.StructBlockValidationError(block_errors=faults)
        return cleaned

    class Meta:
        icon = "tick"
        label = _("Answer")
        label_format = "{answer}: {does}"


def answer_faults(answer: Any) -> dict[str, ValidationError]:
    faults = {}
    goes_back = answer["does"] == Action.STEP_BACK
    if goes_back and not answer["to"]:
        faults["to"] = ValidationError(_("Say to which step."))
    if not goes_back and answer["to"]:
        faults["to"] = ValidationError(_("Only for an answer that goes back."))
    if answer["answer"] == WARNING_SIGN and answer["does"] != Action.STOP:
        faults["does"] = ValidationError(_("A warning sign always stops the programme."))
    return faults


class CheckinBlock(blocks.StructBlock):
    """How did the week feel? One tap in the mail, and the programme follows the rules here."""

    question = blocks.CharBlock(
        max_length=120, default=_("How did this week feel?"), label=_("Question")
    )
    answers = blocks.ListBlock(
        AnswerBlock(), min_num=2, max_num=len(ANSWERS), default=USUAL, label=_("Answers")
    )
    max_repeats = blocks.IntegerBlock(
        default=2,
        min_value=0,
        max_value=MOST_REPEATS,
        label=_("Repeats, at most"),
        help_text=_("When they are used up, the programme waits and the clinic is told."),
    )
    silence = blocks.ChoiceBlock(
        choices=SILENCE, default=Silence.REPEAT_ONCE_THEN_HOLD.value, label=_("Without an answer")
    )
    safety_text = blocks.TextBlock(
        max_length=600,
        rows=3,
        default=SAFETY,
        label=_("Safety text"),
        help_text=_("Shown and mailed at once after an answer that stops the programme."),
    )

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        faults = {} if self.is_deferred_validation else checkin_faults(cleaned)
        if faults:
            raise blocks.StructBlockValidationError(block_errors=faults)
        return cleaned

    class Meta:
        icon = "help"
        label = _("Check-in")
        label_format = "{question}"
        group = _("Listening")
        description = _("A question with one-tap answers, and what each of them does.")


def checkin_faults(checkin: Any) -> dict[str, ValidationError]:
    given = [answer["answer"] for answer in checkin["answers"]]
    if len(set(given)) < len(given):
        return {"answers": ValidationError(_("Two answers are the same."))}
    if Action.ADVANCE not in {answer["does"] for answer in checkin["answers"]}:
        text = _("No answer leads on: this would be a loop that never ends.")
        return {"answers": ValidationError(text)}
    return {}
