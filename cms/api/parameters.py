"""What requests may ask for. Anything else is refused by name, never ignored."""

from typing import Annotated, Any, Literal

from django.conf import settings
from django.http import HttpRequest
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, create_model

from cms.api.cursors import ORDERS, REVIEW_ORDERS
from cms.api.filters import FILTERS, separated
from cms.api.problems import BadParameter, bad_parameter, bad_parameters
from cms.documents.shapes.pages import HealthDocument, PageDocument
from cms.models.documents import DocumentType

MOST_ITEMS = 100
ALWAYS = ("id", "type", "locale")

LOCALE = "A language of the site. Default: its first one."
FALLBACK = "Take the site's first language for what is not translated."
FIELDS = (
    "Only these members of the documents, separated by commas; id, type and locale always come."
)
EXPAND = "The documents that the page leads to, whole, as `included`; at most 20."

CursorText = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]


class Language(BaseModel):
    locale: str | None = Field(None, max_length=20, description=LOCALE, examples=["en-us"])
    fallback: bool = Field(True, description=FALLBACK)  # noqa: FBT003


def many(*names: str) -> Any:
    """A list of some of these names."""
    choice = Literal[names]  # type: ignore[valid-type]
    return Annotated[list[choice] | None, BeforeValidator(separated)]


def members(document: type[PageDocument]) -> list[str]:
    return [name for name in document.model_fields if name not in {*ALWAYS, "included"}]


def of_document(document: type[PageDocument], expandable: tuple[str, ...]) -> type[Language]:
    more: dict[str, Any] = {
        "fields": (many(*members(document)), Field(None, description=FIELDS)),
    }
    if expandable:
        more["expand"] = (many(*expandable), Field(None, description=EXPAND))
    return create_model(f"{document.__name__}Query", __base__=Language, **more)


def orders_of(document: type[PageDocument]) -> dict[str, Any]:
    return {**ORDERS, **(REVIEW_ORDERS if issubclass(document, HealthDocument) else {})}


def of_list(kind: DocumentType, document: type[PageDocument]) -> type[Language]:
    orders = Literal[tuple(orders_of(document))]  # type: ignore[valid-type]
    more: dict[str, Any] = {
        "fields": (many(*members(document)), Field(None, description=FIELDS)),
        "order": (orders, Field("title", description="What to sort by; - turns it round.")),
        "limit": (int, Field(20, ge=1, le=MOST_ITEMS, description="How many at once.")),
        "cursor": (
            CursorText | None,
            Field(None, description="Where to go on: `next` of the answer before."),
        ),
    }
    for each in FILTERS[kind]:
        more.update(each.parameters())
    return create_model(f"{kind.name.title()}ListQuery", __base__=Language, **more)


def refuse_unknown(request: HttpRequest, model: type[BaseModel]) -> None:
    """Names that are none, and values given twice where one is meant."""
    allowed = model.model_fields
    unknown = [
        BadParameter(name=name, reason="There is no such parameter here.", allowed=sorted(allowed))
        for name in request.GET
        if name not in allowed
    ]
    if unknown:
        raise bad_parameters(unknown)


def locales(asked: Language) -> list[str]:
    """The languages to look in, the wanted one first."""
    known = [code for code, _name in settings.WAGTAIL_CONTENT_LANGUAGES]
    first = settings.LANGUAGE_CODE
    wanted = asked.locale or first
    if wanted not in known:
        raise bad_parameter("locale", "The site does not have this language.", known)
    return [wanted, first] if asked.fallback and wanted != first else [wanted]
