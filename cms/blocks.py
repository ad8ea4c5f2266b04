"""The StreamField blocks of health pages."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.admin.widgets.chooser import BaseChooser

from cms.prose import ProseBlock

PREVIEWS = "cms/blocks/previews"

ASPECTS = [
    ("overview", _("Overview")),
    ("symptoms", _("Symptoms")),
    ("causes", _("Causes")),
    ("risk_factors", _("Risk factors")),
    ("diagnosis", _("Diagnosis")),
    ("treatment", _("Treatment")),
    ("self_care", _("Self-care")),
    ("prognosis", _("Outlook")),
    ("prevention", _("Prevention")),
    ("getting_help", _("When to get help")),
]

ACTIONS = [
    ("emergency", _("Call emergency services now")),
    ("urgent", _("See a doctor today")),
    ("routine", _("Mention it at your next visit")),
]

# What a new page brings along for the editor to replace stands between these.
GUIDANCE = "[[", "]]"


def refuse_guidance(text: str) -> None:
    """Advice to the editor must never reach a reader."""
    if GUIDANCE[0] in text:
        raise ValidationError(
            _("Replace the advice in double square brackets by your own text, or remove the block.")
        )


def line(label: Any, *, max_length: int) -> blocks.CharBlock:
    """A text that stands alone in its block: nothing beside it names it to a screen reader."""
    block = blocks.CharBlock(max_length=max_length)
    block.field.widget.attrs["aria-label"] = label
    return block


class SectionBlock(blocks.StructBlock):
    """One part of a diagnosis page, labelled with the aspect of health that it covers."""

    aspect = blocks.ChoiceBlock(
        choices=ASPECTS,
        label=_("Aspect"),
        help_text=_("What the section is about. Search engines and our own mails use it."),
    )
    heading = blocks.CharBlock(
        max_length=120, label=_("Heading"), help_text=_("In the reader's words: What you notice.")
    )
    body = ProseBlock(
        max_length=6_000,
        label=_("Text"),
        help_text=_("Short paragraphs, one thought each. Lists for what people count or tick off."),
    )

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if not self.is_deferred_validation:
            try:
                refuse_guidance(cleaned["body"].source)
            except ValidationError as error:
                raise blocks.StructBlockValidationError(block_errors={"body": error}) from None
        return cleaned

    class Meta:
        icon = "doc-full"
        template = "cms/blocks/section.html"
        label = _("Section")
        label_format = "{heading}"
        description = _("One aspect of a diagnosis: symptoms, causes, treatment and so on.")
        preview_template = f"{PREVIEWS}/section.html"
        preview_value = {
            "aspect": "symptoms",
            "heading": _("What you notice"),
            "body": "<p>A deep ache on one side, low in the back. <b>Stairs</b> and turning in "
            "bed make it worse.</p>",
        }


class RedFlagBlock(blocks.StructBlock):
    """A sign that needs somebody's help, and how fast."""

    sign = blocks.TextBlock(
        max_length=400,
        rows=2,
        label=_("Sign"),
        help_text=_("What the reader can see or feel, without medical words."),
    )
    action = blocks.ChoiceBlock(choices=ACTIONS, label=_("What to do"))

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if not self.is_deferred_validation:
            try:
                refuse_guidance(cleaned["sign"])
            except ValidationError as error:
                raise blocks.StructBlockValidationError(block_errors={"sign": error}) from None
        return cleaned

    class Meta:
        icon = "warning"
        template = "cms/blocks/red_flag.html"
        label = _("Red flag")
        label_format = "{action}: {sign}"
        description = _("A sign that needs help, and how fast.")
        preview_template = f"{PREVIEWS}/red_flag.html"
        preview_value = {
            "sign": _("Numbness around your groin or bottom, or trouble passing water"),
            "action": "emergency",
        }


class TextBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=120, required=False, label=_("Heading"))
    body = ProseBlock(max_length=20_000, label=_("Text"))

    class Meta:
        icon = "pilcrow"
        template = "cms/blocks/text.html"
        label = _("Text")
        label_format = "{heading}"
        group = _("Words")
        description = _("Paragraphs and lists, with a heading if it needs one.")
        preview_template = f"{PREVIEWS}/text.html"
        preview_value = {
            "heading": _("Start small"),
            "body": "<p>Pick two moves. Do them on three days this week.</p>"
            "<ul><li>Stay under 3 out of 10.</li><li>Rest a day in between.</li></ul>",
        }


class ExerciseChooser(BaseChooser):
    """Opens the list with drawing, level and kind. Made in `cms.admin.catalogue_chooser`."""

    model = "cms.ExercisePage"
    chooser_modal_url_name = "exercise_chooser:choose"
    icon = "pick"
    choose_one_text = _("Choose an exercise")
    choose_another_text = _("Choose another exercise")
    link_to_chosen_text = _("Edit this exercise")

    def get_display_title(self, instance: Any) -> str:
        return str(instance.get_admin_display_title())


class ExerciseChooserBlock(blocks.PageChooserBlock):
    """An exercise page, chosen by its picture."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "page_type": "cms.ExercisePage"})

    @cached_property
    def widget(self) -> ExerciseChooser:
        return ExerciseChooser()

    @cached_property
    def field(self) -> Any:
        field = super().field
        field.error_messages["required"] = _(
            "Choose an exercise. If one stood here before, its page was removed."
        )
        return field

    def get_form_state(self, value: Any) -> Any:
        return self.widget.get_value_data(value)

    class Meta:
        icon = "pick"


class DiagnosesBlock(blocks.StructBlock):
    """An accordion of diagnosis pages; it works without script."""

    heading = blocks.CharBlock(max_length=120, label=_("Heading"))
    intro = blocks.TextBlock(required=False, max_length=400, rows=2, label=_("Introduction"))
    diagnoses = blocks.ListBlock(
        blocks.PageChooserBlock(page_type="cms.DiagnosisPage", label=_("Diagnosis")),
        min_num=1,
        max_num=12,
        label=_("Diagnoses"),
        help_text=_("Each shows its summary, its symptoms and its warning signs."),
    )

    class Meta:
        icon = "folder-open-inverse"
        template = "cms/blocks/diagnoses.html"
        label = _("Diagnoses")
        label_format = "{heading}"
        group = _("From other pages")
        description = _("Diagnoses to open and close, each with its warning signs.")
        preview_template = f"{PREVIEWS}/diagnoses.html"
        preview_value = {
            "heading": _("Which one fits you?"),
            "intro": _("Open each."),
            "diagnoses": [],
        }


class ExerciseBlock(blocks.StructBlock):
    """An exercise, shown as a card with its own picture and dosage."""

    exercise = ExerciseChooserBlock(label=_("Exercise"))
    note = blocks.TextBlock(
        required=False,
        max_length=400,
        rows=2,
        label=_("Note"),
        help_text=_("Shown in place of the exercise's own summary."),
    )

    class Meta:
        icon = "pick"
        template = "cms/blocks/exercise.html"
        label = _("Exercise")
        label_format = "{exercise}"
        group = _("From other pages")
        description = _("A card with the drawing and the dosage from the exercise's own page.")
        preview_template = f"{PREVIEWS}/exercise.html"
        preview_value = {"exercise": None, "note": _("A good first move on sore days.")}


class ArticleBlock(blocks.StreamBlock):
    text = TextBlock()
    diagnoses = DiagnosesBlock()
    exercise = ExerciseBlock()

    class Meta:
        max_num = 60
