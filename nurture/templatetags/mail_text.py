"""How the words of a mail are laid out, above all in its text part."""

import re
from collections.abc import Sequence

from django import template

from nurture.authoring import plain

register = template.Library()
BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:s|min|kg|lb)\b)")


@register.filter
def unbroken(text: str) -> str:
    """A number and its unit stay on one line, however narrow the phone."""
    return BEFORE_UNIT.sub("\N{NO-BREAK SPACE}", str(text))


@register.filter
def wrapped(text: str) -> str:
    return plain.wrap(" ".join(str(text).split()))


@register.filter
def underlined(text: str) -> str:
    return f"{text}\n{'-' * min(len(text), plain.WIDTH)}"


@register.filter
def numbered(texts: Sequence[str]) -> str:
    return "\n".join(plain.wrap(text, f"{n}. ") for n, text in enumerate(texts, start=1))


@register.filter
def paragraphs(html: str) -> str:
    return plain.from_html(html)


@register.filter
def bulleted(texts: Sequence[str]) -> str:
    return "\n".join(plain.wrap(text, "- ") for text in texts)
