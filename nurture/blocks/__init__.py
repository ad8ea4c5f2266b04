"""The StreamField of a sequence. Below the models, which need it."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from nurture.blocks.body import MailBodyBlock
from nurture.blocks.planning import ConditionsBlock, WaitBlock

PRIVATE = _("Anyone who sees the inbox sees this: no diagnosis, no body part.")


def saying(block: blocks.FieldBlock, *, required: Any) -> blocks.FieldBlock:
    """The block, with these words for a field that was left empty."""
    block.field.error_messages["required"] = required
    return block


class PlannedMailBlock(blocks.StructBlock):
    """One planned e-mail. The stream child's own id is the step's key and survives edits."""

    name = blocks.CharBlock(
        max_length=60,
        label=_("Name"),
        help_text=_("For colleagues, and for check-ins that go back to this step: week 2."),
    )
    wait = WaitBlock()
    subject = saying(
        blocks.CharBlock(max_length=100, label=_("Subject"), help_text=PRIVATE),
        required=_("A mail needs a subject: people see it before they open it."),
    )
    preheader = blocks.CharBlock(
        max_length=140, required=False, label=_("Preheader"), help_text=PRIVATE
    )
    body = MailBodyBlock(label=_("Mail"))
    progress = blocks.TextBlock(
        required=False,
        rows=2,
        label=_("What changes, and why"),
        help_text=_("For colleagues only."),
    )
    load_bearing = blocks.BooleanBlock(
        required=False,
        label=_("Load-bearing"),
        help_text=_("Nobody goes on from here without an answer."),
    )
    skippable = blocks.BooleanBlock(
        required=False,
        label=_("Skippable"),
        help_text=_("If this mail cannot be delivered, the programme goes on without it."),
    )
    conditions = ConditionsBlock(
        required=False, label=_("Only for"), help_text=_("Everybody else goes on to the next step.")
    )

    class Meta:
        icon = "mail"
        label = _("Step")
        label_format = "{name}: {subject}"
        form_layout = blocks.BlockGroup(
            children=["name", "wait", "subject", "preheader", "body"],
            settings=["progress", "load_bearing", "skippable", "conditions"],
        )


class StepsBlock(blocks.StreamBlock):
    step = PlannedMailBlock()


__all__ = ["StepsBlock"]
