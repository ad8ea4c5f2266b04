"""What the admin's templates show of sequences. Models cannot import it, templates can."""

from typing import Any

from django import template

from nurture.authoring import preview
from nurture.models import Sequence

register = template.Library()


@register.inclusion_tag("nurture/admin/preview_mail.html")
def mail_preview(sequence: Sequence, asked: dict[str, str]) -> dict[str, Any]:
    """One mail of the draft, and the choice of another one."""
    return preview.context(sequence, asked)
