"""What a page says to its readers, as plain JSON that `cms.review` can compare.

Every field counts unless it is named as none of the reader's business, so a field that somebody
adds tomorrow is covered. What is empty is left out: a new optional field changes no page.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from modelcluster.fields import ParentalKey
from modelcluster.models import get_all_child_relations
from wagtail import blocks
from wagtail.fields import RichTextField, StreamField
from wagtail.images.blocks import ImageBlock
from wagtail.models import Page

FACT = "="
EMPTY: tuple[Any, ...] = (None, "", [], {})
INLINE = {"a", "b", "em", "i", "strong", "span", "sub", "sup"}
NOT_SAID = {"data-block-key"}  # the editor's own bookkeeping
SAME_AS = {"strong": "b", "em": "i"}
encoder = DjangoJSONEncoder()


def of(page: Page, *, leaving_out: Collection[str]) -> dict[str, Any]:
    """The title, the fields that the page's own models declare, and the rows that hang on it."""
    values = {"title": page.title}
    for field in own_fields(type(page)):
        if field.name not in leaving_out:
            values[field.name] = field_value(field, page)
    for relation in own_rows(type(page)):
        name = relation.get_accessor_name()
        values[name] = [row(item) for item in getattr(page, name).all()]
    return {name: value for name, value in values.items() if value not in EMPTY}


def own_fields(kind: type[Page]) -> Iterator[Any]:
    for field in kind._meta.concrete_fields:
        if field.model is not Page and not field.primary_key:
            yield field


def own_rows(kind: type[Page]) -> Iterator[Any]:
    inherited = {relation.name for relation in get_all_child_relations(Page)}
    for relation in get_all_child_relations(kind):
        if relation.name not in inherited:
            yield relation


def row(item: models.Model) -> dict[str, Any]:
    fields = [
        field
        for field in item._meta.concrete_fields
        if not (field.primary_key or isinstance(field, ParentalKey) or field.name == "sort_order")
    ]
    values = {field.name: field_value(field, item) for field in fields}
    return {name: value for name, value in values.items() if value not in EMPTY}


def field_value(field: Any, holder: models.Model) -> Any:
    value = field.value_from_object(holder)
    if isinstance(field, StreamField):
        return stream(value)
    if isinstance(field, RichTextField):
        return prose(value)
    is_text = isinstance(field, models.CharField | models.TextField) and not field.choices
    return text(value) if is_text else fact(value)


def stream(value: blocks.StreamValue) -> list[Any]:
    said = [{"kind": fact(child.block_type), "says": block(child)} for child in value]
    return [item for item in said if item["says"] not in EMPTY]


def block(bound: Any) -> Any:
    return block_value(bound.block, bound.value)


def block_value(kind: blocks.Block, value: Any) -> Any:
    said: Any
    match kind:
        case blocks.BaseStreamBlock():
            said = stream(value)
        case blocks.ListBlock():
            said = [block_value(kind.child_block, item) for item in value]
        case ImageBlock():
            said = picture(kind.get_prep_value(value)) if value else None
        case blocks.BaseStructBlock():
            said = {name: block_value(child, value[name]) for name, child in children(kind, value)}
            said = {name: inner for name, inner in said.items() if inner not in EMPTY}
        case blocks.RichTextBlock():
            said = prose(value.source if value else "")
        case blocks.CharBlock() | blocks.TextBlock():
            said = text(value)
        case _:
            said = fact(kind.get_prep_value(value))
    return said


def children(kind: Any, value: Any) -> Iterator[tuple[str, Any]]:
    return ((name, child) for name, child in kind.child_blocks.items() if name in value)


def picture(stored: Mapping[str, Any]) -> Any:
    return fact({name: value for name, value in stored.items() if value and value not in EMPTY})


def fact(value: Any) -> Any:
    """What is no running text. Nothing stays nothing; a no is as good as no answer."""
    if value in EMPTY or value is False:
        return None
    if not isinstance(value, bool | int | float | str | list | dict):
        value = encoder.default(value)
    return [FACT, value]


def text(value: str | None) -> str:
    return " ".join((value or "").split())


class Reading(HTMLParser):
    """Rich text as its tags, their attributes and their words, without the source's layout."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = "".join(f' {k}="{v or ""}"' for k, v in sorted(attrs) if k not in NOT_SAID)
        self._tag(tag, f"<{SAME_AS.get(tag, tag)}{said}>")

    def handle_endtag(self, tag: str) -> None:
        self._tag(tag, f"</{SAME_AS.get(tag, tag)}>")

    def handle_data(self, data: str) -> None:
        self.parts.append(re.sub(r"\s+", " ", data).replace("<", "&lt;"))

    def _tag(self, tag: str, written: str) -> None:
        self.parts.append(written if tag in INLINE else f"\n{written}\n")


def prose(html: str | None) -> str:
    """The same for the same reading, whichever editor wrote the HTML."""
    reading = Reading()
    reading.feed(html or "")
    reading.close()
    lines = re.split(r"\s*\n\s*", re.sub(r"[^\S\n]*\n\s*", "\n", "".join(reading.parts)))
    return "\n".join(filter(None, (" ".join(line.split()) for line in lines)))
