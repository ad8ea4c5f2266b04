"""What a page may show of other pages: what anybody may read, and nothing else.

A page is closed by a restriction on itself or on any page above it (a login, a group, a password).
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import BooleanField, Exists, F, Func, OuterRef
from django.utils.functional import cached_property
from wagtail.models import Page, PageViewRestriction

Shown = TypeVar("Shown", bound=Page)


class StartsWith(Func):
    function = "starts_with"
    output_field = BooleanField()


def closing(path: str) -> Any:
    """The restrictions that close the page whose path the outer query has under this name."""
    there = StartsWith(OuterRef(path), F("page__path"))
    return Exists(PageViewRestriction.objects.annotate(there=there).filter(there=True))


def readable(pages: Any) -> Any:
    """Those of a queryset of pages that anybody may read, without a query of its own."""
    return pages.filter(~closing("path"), live=True)


class Openness:
    """One for each page that is shown: it asks the database once, and only if it is asked."""

    @cached_property
    def _closed(self) -> tuple[str, ...]:
        return tuple(PageViewRestriction.objects.values_list("page__path", flat=True))

    def only(self, pages: Iterable[Shown | None]) -> list[Shown]:
        return [page for page in pages if page is not None and self.allows(page)]

    def allows(self, page: Page) -> bool:
        """Whether anybody may read it. If not, this very object tells whoever looks at it later in
        the same request: readers do not see it."""
        if page.live and any(page.path.startswith(path) for path in self._closed):
            page.live = False
        return bool(page.live)
