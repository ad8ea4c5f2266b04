"""Rich text that stays clean by whatever way it comes in: editor, paste, API, file or revision."""

from typing import Any

import nh3
from wagtail.blocks import RichTextBlock
from wagtail.fields import RichTextField
from wagtail.rich_text import RichText

FEATURES = ["bold", "italic", "ol", "ul", "link"]

TAGS = {"a", "b", "br", "em", "i", "li", "ol", "p", "strong", "ul"}
# The editor's comments hold on to the key of a paragraph.
KEYED = {"p", "li"}
ATTRIBUTES = {"a": {"href", "id", "linktype"}, **{tag: {"data-block-key"} for tag in KEYED}}
SCHEMES = {"http", "https", "mailto", "tel"}


def clean(html: str) -> str:
    """What `FEATURES` can make, and nothing else; links keep Wagtail's own attributes."""
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=None)


class ProseBlock(RichTextBlock):
    """Wagtail's editor cleans what is pasted. Values that come as JSON are cleaned here."""

    def __init__(self, *args: Any, features: list[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, features=features or FEATURES, **kwargs)

    def to_python(self, value: str) -> RichText:
        return RichText(clean(value or ""))

    def normalize(self, value: Any) -> RichText:
        return self.to_python(value.source if isinstance(value, RichText) else str(value or ""))

    def value_from_form(self, value: str) -> RichText:
        return self.to_python(value)


class ProseField(RichTextField):
    """The same for a field of a page."""

    def __init__(self, *args: Any, features: list[str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, features=features or FEATURES, **kwargs)

    def to_python(self, value: Any) -> Any:
        return clean(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(self.to_python(value))
