"""The StreamField of a sequence. Below the models, which need it."""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from cms.blocks import PER, SIDES, DosageBlock, ExerciseChooserBlock
from cms.prose import ProseBlock
from nurture.domain.personalise import EDITORS_FIELDS

FIELDS = ", ".join(f"{{{{{name}}}}}" for name in sorted(EDITORS_FIELDS))
PRIVATE = _("Anyone who sees the inbox sees this: no diagnosis, no body part.")


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


class PlannedMailBlock(blocks.StructBlock):
    """One planned e-mail. The stream child's own id is the step's key and survives edits."""

    wait_days = blocks.IntegerBlock(
        min_value=0, max_value=365, help_text=_("Days after the mail before it, or the start.")
    )
    subject = blocks.CharBlock(max_length=100, help_text=PRIVATE)
    preheader = blocks.CharBlock(max_length=140, help_text=PRIVATE)
    body = MailBodyBlock()
    progress = blocks.TextBlock(
        required=False, rows=2, help_text=_("For colleagues: what changes in this step, and why.")
    )

    class Meta:
        icon = "mail"
        label_format = "{subject}"


class StepsBlock(blocks.StreamBlock):
    step = PlannedMailBlock()
