"""Which programmes a page may offer."""

from typing import Any

from django import template

from nurture.models import Sequence

register = template.Library()


@register.simple_tag
def programmes_for(page: Any) -> list[Sequence]:
    """The live sequences of the diagnoses that this page is about, in its language."""
    diagnoses = getattr(page, "named_diagnoses", [])
    if not diagnoses:
        return []
    found = Sequence.objects.filter(live=True, locale_id=page.locale_id, diagnosis__in=diagnoses)
    return list(found.select_related("diagnosis").order_by("pk"))
