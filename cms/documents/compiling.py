"""One page to its documents. Reads the database and writes nothing."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.utils.translation import override
from wagtail.models import Page

from cms.documents import cards, facets, parts, words
from cms.documents.pages import DOCUMENTS, Make
from cms.documents.reader import Reader
from cms.documents.shapes import Shape
from cms.documents.shared import Shared
from cms.models.documents import DocumentType

ETAG_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    type: DocumentType
    key: UUID
    locale: str
    path: str
    title: str
    body: str
    card: str
    facets: list[str]
    names: str
    words: str
    valid_until: datetime | None
    sources: frozenset[str]
    relations: dict[str, list[UUID]]
    unprepared: frozenset[int]

    @property
    def etag(self) -> str:
        """For the document and for lists: it changes when the body or the card does."""
        return sha256((self.body + self.card).encode()).hexdigest()[:ETAG_LENGTH]


def compile_page(page: Page, shared: Shared | None = None) -> list[Compiled]:
    """The documents of a specific page; none if not everybody may see it. `shared`: if it is one
    of several in a transaction."""
    shared = shared or Shared([page])
    with override(shared.locales[page.locale_id].language_code):
        return [
            compiled
            for kind, make in DOCUMENTS.get(type(page), {}).items()
            if (compiled := compile_document(page, kind, make, shared)) is not None
        ]


def compile_document(page: Any, kind: DocumentType, make: Make, shared: Shared) -> Compiled | None:
    reader = Reader(locale=shared.locales[page.locale_id].language_code, shared=shared)
    if reader.page(page) is None:
        return None
    document = parts.with_structured_data(make(page, reader), page, reader)
    card = cards.CARDS[type(page)](page, reader)
    return Compiled(
        type=kind,
        key=page.translation_key,
        locale=reader.locale,
        path=reader.path(page),
        title=page.title,
        body=dumped(document),
        card=dumped(card),
        facets=facets.of(page, document, reader),
        names=" ".join(called(page, document)),
        words=words.spoken(document.model_dump(mode="json", exclude={"included"})),
        valid_until=reader.valid_until,
        sources=frozenset(reader.names),
        relations=reader.relations,
        unprepared=frozenset(reader.unprepared),
    )


def compile_draft(page: Any) -> str:
    """The document of a page as somebody is writing it. What it leads to is public all the same."""
    reader = Reader(locale=page.locale.language_code, shared=Shared([page]))
    make = next(iter(DOCUMENTS[type(page)].values()))
    with override(reader.locale):
        return dumped(parts.with_structured_data(make(page, reader), page, reader))


def called(page: Any, document: Any) -> list[str]:
    other = [*getattr(document, "synonyms", ()), *getattr(document, "other_names", ())]
    return [page.title, *other]


def dumped(document: Shape) -> str:
    return document.model_dump_json(exclude={"included"})
