"""What lists are filtered by: "level:beginner". Names as in `cms.api.filters`."""

from collections.abc import Iterable, Iterator
from typing import Any

from wagtail.models import Page

from cms.documents.reader import Reader
from cms.models import (
    ArticlePage,
    DiagnosisPage,
    ExercisePage,
    RegionPage,
)


def of(page: Page, document: Any, reader: Reader) -> list[str]:
    found = {"slug": [page.slug]} | dict(specific(page, document, reader))
    return sorted({f"{name}:{value}" for name, values in found.items() for value in values})


def specific(page: Page, document: Any, reader: Reader) -> Iterator[tuple[str, Iterable[Any]]]:
    match page:
        case ExercisePage():
            yield from exercise(document, reader)
        case DiagnosisPage():
            yield "region", regions_of([page], reader)
            yield "code", [code.value for code in document.codes]
            yield "exercise", reader.relations.get("exercises", [])
        case ArticlePage():
            yield "region", regions_above([page], reader)
            yield "diagnosis", reader.relations.get("diagnoses", [])
            yield "exercise", reader.relations.get("exercises", [])
        case RegionPage():
            yield "region", regions_above([page], reader)


def exercise(document: Any, reader: Reader) -> Iterator[tuple[str, Iterable[Any]]]:
    yield "kind", [document.kind]
    yield "level", [document.level]
    yield "position", [document.position]
    yield "equipment", lowered(document.equipment)
    yield "muscle", lowered([*document.primary_muscles, *document.secondary_muscles])
    yield "joint", lowered(document.joints)
    keys = [diagnosis.id for diagnosis in document.diagnoses]
    yield "diagnosis", keys
    fitting = DiagnosisPage.objects.filter(
        translation_key__in=keys, locale__language_code=reader.locale
    )
    yield "region", regions_of(fitting, reader)


def lowered(texts: Iterable[str]) -> list[str]:
    return [text.casefold() for text in texts]


def regions_above(pages: Iterable[Page], reader: Reader) -> list[Any]:
    """The keys of the regions that the pages stand in."""
    above = {each.path: each for page in pages for each in reader.shared.above(page)}
    regions = [above[path] for path in sorted(above) if isinstance(above[path], RegionPage)]
    return [region.translation_key for region in reader.pages(regions)]


def regions_of(pages: Iterable[Page], reader: Reader) -> list[Any]:
    """The same, and the regions that the document names itself, with what they stand in."""
    keys = reader.relations.get("regions", [])
    if not keys:
        return regions_above(pages, reader)
    named = RegionPage.objects.filter(translation_key__in=keys, locale__language_code=reader.locale)
    return [*keys, *regions_above([*pages, *named], reader)]
