"""A list and a document for each type: `regions/`, `exercises/` and so on."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field, create_model

from cms.api import answers, filters, freshness, listing, parameters, reading, unasked
from cms.api.problems import not_found
from cms.documents.shapes import cards, pages
from cms.models.documents import DocumentType

router = Router(tags=["content"])

Item = TypeVar("Item")


class ListOf(BaseModel, Generic[Item]):
    items: list[Item]
    next: Annotated[str | None, Field(description="The cursor of the next page, if there is one.")]


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of page as the API offers it. `expandable`: what its documents can bring along."""

    path: str
    name: DocumentType
    document: type[pages.PageDocument]
    card: type[cards.Card]
    expandable: tuple[str, ...] = ()


KINDS = (
    Kind(
        "regions",
        DocumentType.REGION,
        pages.RegionDocument,
        cards.RegionCard,
        ("articles", "diagnoses"),
    ),
    Kind(
        "diagnoses",
        DocumentType.DIAGNOSIS,
        pages.DiagnosisDocument,
        cards.DiagnosisCard,
        ("exercises",),
    ),
    Kind(
        "exercises", DocumentType.EXERCISE, pages.ExerciseDocument, cards.ExerciseCard, ("links",)
    ),
    Kind(
        "articles",
        DocumentType.ARTICLE,
        pages.ArticleDocument,
        cards.ArticleCard,
        ("diagnoses", "exercises"),
    ),
    Kind("clinicians", DocumentType.CLINICIAN, pages.ClinicianDocument, cards.ClinicianCard),
)


def named_list(card: type[cards.Card]) -> type[BaseModel]:
    """With a name that clients can use."""
    base = ListOf[card]  # type: ignore[valid-type]
    return create_model(f"ListOf{card.__name__}", __base__=base)


def add_list(kind: Kind) -> None:
    asks = parameters.of_list(kind.name, kind.document)
    orders = parameters.orders_of(kind.document)

    name = f"list_{kind.path}"

    def answer(request: HttpRequest, *, given: Any) -> HttpResponse:
        wanted = answers.wanted(given.fields)
        found = listing.page(
            listing.Asked(
                kind=kind.name,
                locales=parameters.locales(given),
                order=given.order,
                orders=orders,
                limit=given.limit,
                cursor=given.cursor,
                members=wanted.members,
                conditions=filters.conditions(filters.FILTERS[kind.name], given.__dict__),
            )
        )
        return answers.page(request, found, wanted, kind=kind.name)

    def view(request: HttpRequest, asked: Query[asks]) -> HttpResponse:  # type: ignore[valid-type]
        parameters.refuse_unknown(request, asks)
        return answer(request, given=asked)

    unasked.makers[name] = lambda _path: partial(answer, given=asks())
    router.get(
        f"{kind.path}/",
        response=named_list(kind.card),
        operation_id=name,
        url_name=name,
        summary=f"List {kind.path}",
        description="Summaries, one page at a time.",
    )(view)


def add_document(kind: Kind) -> None:
    asks = parameters.of_document(kind.document, kind.expandable)

    name = f"get_{kind.name.value}"

    def answer(request: HttpRequest, *, key: UUID, given: Any) -> HttpResponse:
        wanted = answers.wanted(given.fields, getattr(given, "expand", None))
        found = reading.by_key(
            kind.name,
            key,
            locales=parameters.locales(given),
            wanted=wanted,
            known=freshness.known(request),
        )
        if found is None:
            raise not_found(f"There is no public {kind.name.label.lower()} with this id.")
        return answers.document(request, found, wanted)

    def view(request: HttpRequest, id: UUID, asked: Query[asks]) -> HttpResponse:  # type: ignore[valid-type]  # noqa: A002
        parameters.refuse_unknown(request, asks)
        return answer(request, key=id, given=asked)

    unasked.makers[name] = lambda path: partial(answer, key=UUID(path["id"]), given=asks())
    router.get(
        f"{kind.path}/{{id}}/",
        response=kind.document,
        operation_id=name,
        url_name=name,
        summary=f"Get {kind.name.label.lower()}",
        description=(kind.document.__doc__ or "").strip(),
    )(view)


for each in KINDS:
    add_list(each)
    add_document(each)
