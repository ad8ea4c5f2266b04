"""How the text part of a mail is laid out."""

from collections.abc import Sequence

from django import template

from nurture.authoring import plain

register = template.Library()


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
