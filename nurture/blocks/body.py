"""What a mail is made of."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageBlock

from cms.blocks import ACTIONS, ExerciseChooserBlock
from cms.exercise_blocks import PER, SIDES, DosageBlock
from cms.prose import ProseBlock
from nurture.blocks.checkin import CheckinBlock
from nurture.domain.personalise import EDITORS_FIELDS

FIELDS = ", ".join(f"{{{{{name}}}}}" for name in sorted(EDITORS_FIELDS))
WORDS, EXERCISES, PICTURES, LISTENING = (
    _("Words"),
    _("Exercises"),
    _("Pictures and links"),
    _("Listening"),
)


class TextBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=120, required=False, label=_("Heading"))
    body = ProseBlock(
        label=_("Text"),
        help_text=_("You can use: %(fields)s, or with other words for who gave none: %(example)s")
        % {"fields": FIELDS, "example": "{{first_name|friend}}"},
    )

    class Meta:
        icon = "pilcrow"
        label = _("Text")
        label_format = "{heading}"
        group = WORDS


class DosageChangeBlock(DosageBlock):
    """What differs from an exercise's own dosage: here every field may be left as it is."""

    side = blocks.ChoiceBlock(choices=SIDES, required=False, label=_("Side"))
    per = blocks.ChoiceBlock(choices=PER, required=False, label=_("In a day or a week"))


class ExerciseCardBlock(blocks.StructBlock):
    """An exercise, taken from its page when the sequence is published."""

    exercise = ExerciseChooserBlock(label=_("Exercise"))
    note = blocks.TextBlock(required=False, max_length=400, rows=2, label=_("Note"))
    dosage = blocks.ListBlock(
        DosageChangeBlock(),
        max_num=1,
        default=[],
        label=_("Another dosage"),
        help_text=_("Only what differs from the dosage on the exercise's own page."),
    )

    class Meta:
        icon = "pick"
        label = _("Exercise")
        label_format = "{exercise}"
        group = EXERCISES
        description = _("A card that stays as the exercise's own page says it.")


class ProgressBlock(blocks.StructBlock):
    """What is new, in the reader's words: one thing at a time."""

    changed = blocks.CharBlock(
        max_length=160, label=_("What is new"), help_text=_("Two seconds longer for each lift.")
    )
    why = blocks.TextBlock(max_length=300, rows=2, required=False, label=_("Why"))

    class Meta:
        icon = "arrow-up"
        label = _("What is new this time")
        label_format = "{changed}"
        group = EXERCISES


class CalloutBlock(blocks.StructBlock):
    tone = blocks.ChoiceBlock(
        choices=[
            ("feel", _("How it should feel")),
            ("stop", _("When to stop")),
            ("next", _("One next step")),
            ("info", _("Good to know")),
        ],
        label=_("Kind"),
    )
    title = blocks.CharBlock(max_length=120, label=_("Title"))
    body = ProseBlock(label=_("Text"))

    class Meta:
        icon = "info-circle"
        label = _("Callout")
        label_format = "{title}"
        group = WORDS


class RedFlagBoxBlock(blocks.StructBlock):
    """Signs that need help, and how fast."""

    action = blocks.ChoiceBlock(choices=ACTIONS, label=_("What to do"))
    signs = blocks.ListBlock(
        blocks.CharBlock(max_length=300, label=_("Sign")), min_num=1, max_num=8, label=_("Signs")
    )

    class Meta:
        icon = "warning"
        label = _("Red flags")
        label_format = "{action}"
        group = WORDS


class PictureBlock(blocks.StructBlock):
    picture = ImageBlock(label=_("Picture"))
    caption = blocks.CharBlock(max_length=200, required=False, label=_("Caption"))

    class Meta:
        icon = "image"
        label = _("Picture")
        label_format = "{caption}"
        group = PICTURES


class VideoBlock(blocks.StructBlock):
    """A picture that leads to a film: mail programs play none."""

    title = blocks.CharBlock(max_length=120, label=_("Title"))
    url = blocks.URLBlock(label=_("Address of the film"))
    thumbnail = ImageBlock(label=_("Picture"))
    minutes = blocks.IntegerBlock(required=False, min_value=1, max_value=90, label=_("Minutes"))

    class Meta:
        icon = "media"
        label = _("Video")
        label_format = "{title}"
        group = PICTURES


class ButtonBlock(blocks.StructBlock):
    label = blocks.CharBlock(max_length=40, label=_("On the button"))
    page = blocks.PageChooserBlock(required=False, label=_("Leads to a page"))
    url = blocks.URLBlock(required=False, label=_("or to another address"))

    class Meta:
        icon = "link"
        label = _("Button")
        label_format = "{label}"
        group = PICTURES


class MailBodyBlock(blocks.StreamBlock):
    text = TextBlock()
    callout = CalloutBlock()
    red_flags = RedFlagBoxBlock()
    exercise = ExerciseCardBlock()
    progress = ProgressBlock()
    picture = PictureBlock()
    video = VideoBlock()
    button = ButtonBlock()
    divider = blocks.StaticBlock(
        icon="minus", label=_("Line"), group=PICTURES, admin_text=_("A thin line.")
    )
    checkin = CheckinBlock()

    class Meta:
        block_counts: dict[str, Any] = {"checkin": {"max_num": 1}}
