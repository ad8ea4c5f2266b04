"""Which programmes a page may offer."""

from typing import Any

from django import template

from cms import languages
from nurture import programmes
from nurture.models import Sequence
from nurture.programmes import Offer

register = template.Library()


@register.simple_tag
def programmes_for(page: Any) -> list[Offer]:
    """Those about the diagnoses that this page is about."""
    diagnoses = getattr(page, "named_diagnoses", [])
    return programmes.offers(languages.active(), about=diagnoses) if diagnoses else []


@register.filter
def told(sequence: Sequence) -> Sequence:
    """The row that tells of a programme in the reader's language: its title, its goal."""
    return programmes.in_language([sequence], languages.active()).get(sequence.pk, sequence)
