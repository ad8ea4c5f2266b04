"""What a mail is made of."""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from cms.blocks import ExerciseChooserBlock
from cms.exercise_blocks import PER, SIDES, DosageBlock
from cms.prose import ProseBlock
from nurture.blocks.checkin import CheckinBlock
from nurture.domain.personalise import EDITORS_FIELDS

FIELDS = ", ".join(f"{{{{{name}}}}}" for name in sorted(EDITORS_FIELDS))


class TextBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=120, required=False)
    body = ProseBlock(help_text=_("You can use: ") + FIELDS)

    class Meta:
        icon = "pilcrow"


class DosageChangeBlock(DosageBlock):
    """What differs from an exercise's own dosage: here every field may be left as it is."""

    side = blocks.ChoiceBlock(choices=SIDES, required=False)
    per = blocks.ChoiceBlock(choices=PER, required=False)


class ExerciseCardBlock(blocks.StructBlock):
    """An exercise, taken from its page when the sequence is published."""

    exercise = ExerciseChooserBlock()
    note = blocks.TextBlock(required=False, max_length=400, rows=2)
    dosage = blocks.ListBlock(
        DosageChangeBlock(),
        max_num=1,
        default=[],
        help_text=_("Only what differs from the dosage on the exercise's own page."),
    )

    class Meta:
        icon = "pick"


class CalloutBlock(blocks.StructBlock):
    tone = blocks.ChoiceBlock(
        choices=[
            ("feel", _("How it should feel")),
            ("stop", _("When to stop")),
            ("next", _("One next step")),
            ("info", _("Good to know")),
        ]
    )
    title = blocks.CharBlock(max_length=120)
    body = ProseBlock()

    class Meta:
        icon = "info-circle"


class MailBodyBlock(blocks.StreamBlock):
    text = TextBlock()
    exercise = ExerciseCardBlock()
    callout = CalloutBlock()
    checkin = CheckinBlock()

    class Meta:
        block_counts = {"checkin": {"max_num": 1}}
