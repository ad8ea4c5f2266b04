"""Drafts, for whoever holds a token to one or to all: never cached, never listed."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field
from wagtail.models import Page

from cms import preview
from cms.api import parameters
from cms.api.problems import Problem, not_found
from cms.documents.shapes.pages import AnyDocument
from cms.integrations import access
from cms.integrations.models import Scope

router = Router(tags=["preview"])

HEADERS = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}


class PreviewQuery(BaseModel):
    token: Annotated[str, Field(description="As the editor put it into the address.")]


@router.get(
    "preview/",
    operation_id="get_preview",
    summary="Get the draft that a preview token opens",
    description="A document of the page's type, as the editor sees it at this moment.",
    response=AnyDocument,
    openapi_extra={"security": [{}]},
)
def of_token(request: HttpRequest, params: Query[PreviewQuery]) -> Any:
    parameters.refuse_unknown(request, PreviewQuery)
    try:
        return answer(preview.body_of(params.token))
    except preview.NoPreview:
        raise not_found(
            "This preview is over, or it never was. Open it again from the editor."
        ) from None


@router.get(
    "drafts/{id}/",
    operation_id="get_draft",
    summary="Get the newest version of a page, published or not",
    description="Needs an API token with the scope `drafts`. Pages for members only are left out.",
    response=AnyDocument,
    openapi_extra={
        "security": [{"token": [Scope.DRAFTS.value]}],
        "responses": {"409": {"description": "The draft lacks too much to be a document yet."}},
    },
)
def of_page(request: HttpRequest, id: UUID, params: Query[parameters.Language]) -> Any:  # noqa: A002
    parameters.refuse_unknown(request, parameters.Language)
    admitted: access.Admitted = request.admitted  # type: ignore[attr-defined]
    access.require(admitted, Scope.DRAFTS)
    page = newest(id, parameters.locales(params))
    if page is None:
        raise not_found("There is no page with this id.")
    body = preview.compiled(page)
    if body is None:
        raise Problem(409, "The draft lacks too much to be a document yet.")
    return answer(body)


def newest(key: UUID, locales: list[str]) -> Any:
    """The page as it stands in the editor, in the first language that it exists in."""
    rows = Page.objects.public().filter(translation_key=key, locale__language_code__in=locales)
    found = {page.locale.language_code: page for page in rows.select_related("locale")}
    page = next((found[locale] for locale in locales if locale in found), None)
    return page and page.specific.get_latest_revision_as_object()


def answer(body: str) -> HttpResponse:
    return HttpResponse(body, content_type="application/json", headers=HEADERS)
