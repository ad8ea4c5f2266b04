"""What one compile reads. Every look is written down, so that a change finds who has looked.

Names of sources:

    page:7            the page itself, whether readers may see it or not
    children:7        which pages stand below it, and in which order
    all:article       which pages of a type there are
    translations:KEY  which languages a page exists in
    into:en:KEY       which documents of a language lead to the page
    picture:3, citation:5
    setting:WHAT:MARK see `cms.documents.installation`
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from wagtail.models import Page

from cms import languages
from cms.documents import installation
from cms.documents.shared import Shared


def way_into(key: UUID, locale: str) -> str:
    return f"into:{locale}:{key}"


class Reader:
    """Gives only what anybody may see. One for each document."""

    def __init__(self, *, locale: str, shared: Shared | None = None) -> None:
        self.locale = locale
        self.shared = shared or Shared()
        self.names: set[str] = set()
        self.relations: dict[str, list[UUID]] = {}
        self.valid_until: datetime | None = None
        self.unprepared: set[int] = set()  # pictures without all their renditions
        self.sites: set[int] = set()
        self.now = timezone.now()

    # ------------------------------------------------------------------ pages

    def page(self, page: Any) -> Any:
        """The same, or None if readers may not see it."""
        if page is None:
            return None
        self.names.add(f"page:{page.pk}")
        page.locale = self.shared.locales[page.locale_id]
        if not self.is_public(page):
            # For whoever looks at this very object later in the compile: readers do not see it.
            page.live = False
            return None
        if page.expire_at:
            self.valid_until = min(filter(None, (self.valid_until, page.expire_at)))
        return page

    def pages(self, pages: Iterable[Any]) -> list[Any]:
        return [page for page in map(self.page, pages) if page is not None]

    def is_public(self, page: Page) -> bool:
        expired = page.expire_at is not None and page.expire_at <= self.now
        closed = any(page.path.startswith(path) for path in self.shared.closed_pages)
        return bool(page.live) and not expired and not closed and self.path(page) != ""

    def path(self, page: Page) -> str:
        """Where a page stands on its site, or nothing if it stands on none."""
        parts = page.get_url_parts(self.shared)  # it keeps the roots of the sites on what it gets
        if not parts:
            return ""
        self.sites.add(parts[0])
        return str(parts[2] or "")

    def note_addresses(self) -> None:
        """The document has absolute addresses: of files, and of the pages that it looked at."""
        self.names.add(installation.addresses())
        self.names.update(map(installation.front_end_of, self.sites))

    def follow(self, links: list[Any], name: str, page: Any, *, among: Any = None) -> list[Any]:
        """`languages.follow`, and which translations there are is written down."""
        self.note_translations([getattr(link, name) for link in links], page)
        return languages.follow(links, name, page, among=among)

    def note_translations(self, targets: Iterable[Any], page: Any) -> None:
        """A page may lead to what is not in its own language, for as long as that is not there."""
        foreign = (target for target in targets if target.locale_id != page.locale_id)
        self.names.update(f"translations:{target.translation_key}" for target in foreign)

    # ------------------------------------------------------------------ everything else

    def note(self, name: str) -> None:
        self.names.add(name)

    def note_ways_into(self, page: Page) -> None:
        self.names.add(way_into(page.translation_key, self.locale))

    def relate(self, name: str, pages: Iterable[Page]) -> None:
        """The document leads to these pages, in this order."""
        keys = [page.translation_key for page in pages]
        self.relations[name] = list(dict.fromkeys([*self.relations.get(name, []), *keys]))

    def may_show(self, picture: Any) -> bool:
        self.names.add(f"picture:{picture.pk}")
        return not any(
            picture.collection.path.startswith(path) for path in self.shared.closed_collections
        )
