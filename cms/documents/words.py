"""Rich text as a front end can show it, and everything as the plain words that search reads."""

from collections.abc import Iterable
from html import escape, unescape
from html.parser import HTMLParser
from typing import Any

import nh3
from wagtail.models import Page
from wagtail.rich_text.rewriters import LinkRewriter

from cms.documents.reader import Reader
from cms.prose import SCHEMES, TAGS


def html(source: str, reader: Reader) -> str:
    """Links lead to the paths of pages that everybody may see; of others only the words stay."""
    if not source:
        return ""

    def page_link(attributes: dict[str, str]) -> str:
        page = Page.objects.filter(pk=number(attributes.get("id"))).first()
        shown = reader.page(page)
        return f'<a href="{escape(reader.path(shown))}">' if shown else "<a>"

    rewrite = LinkRewriter({"page": page_link, "document": lambda _attributes: "<a>"})
    linked = nh3.clean(
        rewrite(source),
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes=SCHEMES,
        link_rel=None,
    )
    return without_empty_links(linked)


def number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


def without_empty_links(clean: str) -> str:
    """Links do not nest, so what begins at `<a>` ends at the next `</a>`."""
    first, *others = clean.split("<a>")
    return first + "".join(part.replace("</a>", "", 1) for part in others)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def plain(markup: str) -> str:
    reading = _Words()
    reading.feed(markup)
    reading.close()
    return " ".join(" ".join(reading.found).split())


# Names of members that are no reading matter, or repeat what stands elsewhere.
NOT_READ = {"alternates", "breadcrumbs", "doi", "id", "locale", "path", "pmid", "renditions"}
NOT_READ |= {"colour", "last_reviewed", "next_due", "published"}
NOT_READ |= {"action", "kind", "level", "position", "seo", "structured_data", "type", "url"}


def spoken(value: Any) -> str:
    """All texts of a dumped document, in their order."""
    return " ".join(filter(None, (plain(text) for text in texts(value))))


def texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield unescape(value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in NOT_READ:
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
