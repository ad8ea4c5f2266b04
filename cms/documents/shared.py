"""What the compiles of one transaction look up together, so that many pages read it once.

Nothing of it outlives the transaction, and the marks of the pages are taken away before the first
look: whatever changes meanwhile marks them again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import prefetch_related_objects
from django.utils.functional import cached_property
from wagtail.models import CollectionViewRestriction, Locale, Page, PageViewRestriction

from cms.documents.shapes.base import Image
from cms.models import ArticlePage, ClinicianPage, DiagnosisPage, ExercisePage, Picture, RegionPage

# What each page of a type needs of other tables.
AUTHOR = "author"
PICTURES = {ExercisePage: "drawing", ClinicianPage: "photo", RegionPage: "diagram"}
WRITTEN = (ArticlePage, DiagnosisPage, ExercisePage, RegionPage)


@dataclass(frozen=True, slots=True)
class Look:
    """A picture as documents show it. `prepared`: nothing of it has to be made any more."""

    image: Image | None
    prepared: bool


class Shared:
    """Begins with the pages that will be compiled, in their specific types. Wagtail also keeps the
    roots of the sites on it."""

    def __init__(self, pages: Sequence[Page] = ()) -> None:
        self._keys = {page.translation_key for page in pages}
        self._above: dict[str, Page] = {}
        self._pictures: dict[int, Picture] = {}
        self.looks: dict[int, Look] = {}
        for kind in WRITTEN:
            if of_kind := [page for page in pages if type(page) is kind]:
                prefetch_related_objects(of_kind, AUTHOR)
        for kind, field in PICTURES.items():
            self.attach(field, [page for page in pages if type(page) is kind])

    # ------------------------------------------------------------------ what is closed

    @cached_property
    def closed_pages(self) -> tuple[str, ...]:
        return tuple(PageViewRestriction.objects.values_list("page__path", flat=True))

    @cached_property
    def closed_collections(self) -> tuple[str, ...]:
        return tuple(CollectionViewRestriction.objects.values_list("collection__path", flat=True))

    # ------------------------------------------------------------------ pages

    @cached_property
    def locales(self) -> dict[int, Locale]:
        return {locale.pk: locale for locale in Locale.objects.all()}

    def above(self, page: Page) -> list[Page]:
        """The pages over this one in their specific types, from the home page down."""
        steps = Page.steplen
        paths = [page.path[:end] for end in range(2 * steps, len(page.path), steps)]
        if missing := [path for path in paths if path not in self._above]:
            found = Page.objects.filter(path__in=missing).specific()
            self._above.update({each.path: each for each in found})
        return [self._above[path] for path in paths if path in self._above]

    def translations(self, key: UUID) -> list[Page]:
        """The pages that are the same in any language, this one included."""
        return self._translations.get(key) or self._same([key]).get(key, [])

    @cached_property
    def _translations(self) -> dict[UUID, list[Page]]:
        return self._same(self._keys)

    def _same(self, keys: Iterable[UUID]) -> dict[UUID, list[Page]]:
        found: dict[UUID, list[Page]] = {}
        pages = Page.objects.filter(translation_key__in=list(keys)).select_related("locale")
        for page in pages.order_by("locale__language_code"):
            found.setdefault(page.translation_key, []).append(page)
        return found

    # ------------------------------------------------------------------ pictures

    def attach(self, field: str, pages: Iterable[Any]) -> None:
        """Give pages their pictures, with collection and renditions."""
        with_one = [page for page in pages if getattr(page, f"{field}_id")]
        known = self.pictures(getattr(page, f"{field}_id") for page in with_one)
        for page in with_one:
            setattr(page, field, known[getattr(page, f"{field}_id")])

    def pictures(self, ids: Iterable[int]) -> dict[int, Picture]:
        wanted = set(ids)
        if missing := wanted - self._pictures.keys():
            rows = Picture.objects.filter(pk__in=missing).select_related("collection")
            self._pictures |= {row.pk: row for row in rows.prefetch_related("renditions")}
        return {pk: self._pictures[pk] for pk in wanted if pk in self._pictures}
