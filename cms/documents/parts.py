"""What several types of pages have in common."""

from typing import Any

from wagtail.models import Page

from cms import structured_data
from cms.documents import installation
from cms.documents.reader import Reader
from cms.documents.shapes.base import Alternate, Crumb, Person, Published, Reference, Review, Seo
from cms.models import ClinicianPage


def of_page(page: Any, reader: Reader) -> dict[str, Any]:
    """What every document begins with."""
    return {
        "id": page.translation_key,
        "locale": page.locale.language_code,
        "title": page.title,
        "path": reader.path(page),
        "breadcrumbs": breadcrumbs(page, reader),
        "alternates": alternates(page, reader),
        "seo": Seo(
            title=page.seo_title or page.title,
            description=page.search_description or getattr(page, "summary", ""),
        ),
        "published": Published(first=page.first_published_at, last=page.last_published_at),
        "structured_data": {},  # when all is read, see `with_structured_data`
    }


def with_structured_data(document: Any, page: Any, reader: Reader) -> Any:
    """After the rest: what readers may not see is known by then on the objects that it looks at."""
    if "structured_data" not in type(document).model_fields:
        return document
    reader.note(installation.practice())
    above = reader.pages(reader.shared.above(page))
    reader.note_addresses()
    graph = structured_data.of(page, above=above)
    if getattr(document, "image", None) is None:  # there is none, or not for everybody
        graph = without_pictures(graph)
    return document.model_copy(update={"structured_data": graph})


def without_pictures(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k not in {"primaryImageOfPage", "image"}}
        return {name: without_pictures(inner) for name, inner in kept.items()}
    return [without_pictures(inner) for inner in value] if isinstance(value, list) else value


def of_health_page(page: Any, reader: Reader) -> dict[str, Any]:
    return {
        **of_page(page, reader),
        "summary": page.summary,
        "notice": page.notice,
        "review": review(page, reader),
        "references": references(page, reader),
    }


def breadcrumbs(page: Page, reader: Reader) -> list[Crumb]:
    """The pages above this one that readers may see, from the home page down."""
    above = reader.pages(reader.shared.above(page))
    return [Crumb(title=crumb.title, path=reader.path(crumb)) for crumb in above]


def alternates(page: Page, reader: Reader) -> list[Alternate]:
    reader.note(f"translations:{page.translation_key}")
    others = reader.pages(
        other for other in reader.shared.translations(page.translation_key) if other.pk != page.pk
    )
    return [
        Alternate(locale=other.locale.language_code, title=other.title, path=reader.path(other))
        for other in others
    ]


def review(page: Any, reader: Reader) -> Review:
    return Review(
        last_reviewed=page.last_reviewed,
        next_due=page.next_review_due,
        changed_since=page.last_reviewed is not None and page.changed_since_review,
        reviewed_by=[
            person(approval.clinician, reader) or nobody(approval.clinician_name)
            for approval in page.last_approvals
        ],
        written_by=person(page.author, reader),
    )


def person(page: ClinicianPage | None, reader: Reader) -> Person | None:
    shown = reader.page(page)
    if shown is None:
        return None
    return Person(id=shown.translation_key, name=shown.full_name, path=reader.path(shown))


def nobody(name: str) -> Person:
    return Person(id=None, name=name, path=None)


def references(page: Any, reader: Reader) -> list[Reference]:
    found = [(block.value["citation"], block.value["supports"]) for block in page.citations]
    return [reference(citation, supports, reader) for citation, supports in found if citation]


def reference(citation: Any, supports: str | None, reader: Reader) -> Reference:
    reader.note(f"citation:{citation.pk}")
    same = ("kind", "title", "authors", "year", "journal", "doi", "pmid", "url")
    return Reference.model_validate(
        {
            **{name: getattr(citation, name) for name in same},
            "evidence_level": citation.evidence_level,
            "study_design": citation.study_design,
            "supports": supports or "",
        }
    )
