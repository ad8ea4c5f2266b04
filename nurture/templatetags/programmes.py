"""Which programmes a page may offer."""

from typing import Any

from django import template

from cms import languages
from nurture import programmes
from nurture.programmes import Offer

register = template.Library()


@register.simple_tag
def programmes_for(page: Any) -> list[Offer]:
    """Those about the diagnoses that this page is about."""
    diagnoses = getattr(page, "named_diagnoses", [])
    return programmes.offers(languages.active(), about=diagnoses) if diagnoses else []
