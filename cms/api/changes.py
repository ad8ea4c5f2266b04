"""`changes/`: what became of the documents, for whoever keeps a copy of them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from cms.api import cursors, parameters, statements
from cms.api.freshness import JSON
from cms.documents.shapes import Shape
from cms.integrations import access
from cms.integrations.models import Scope

router = Router(tags=["changes"])

CHANGES = """
    SELECT number, type, key, locale, path, removed, at FROM cms_change
    WHERE number > %s ORDER BY number LIMIT %s
"""


class ChangesQuery(BaseModel):
    cursor: parameters.CursorText | None = Field(
        None, description="`next` of the answer before. Without it: everything from the beginning."
    )
    limit: int = Field(100, ge=1, le=500, description="How many at once.")


class Change(Shape):
    """What last became of a document. Each document comes once, however often it changed."""

    change: Literal["changed", "removed"]
    type: Literal[
        "article",
        "clinician",
        "diagnosis",
        "exercise",
        "exercises",
        "home",
        "region",
        "site",
        "team",
    ]
    id: UUID
    locale: str
    path: str
    at: datetime


class Changes(Shape):
    """`next` is where to go on, now if there is `more`, else whenever you come back."""

    items: list[Change]
    next: str
    more: bool


@router.get(
    "changes/",
    response=Changes,
    operation_id="list_changes",
    summary="List changes",
    openapi_extra={"security": [{"token": [Scope.CHANGES.value]}]},
)
def changes(request: HttpRequest, asked: Query[ChangesQuery]) -> HttpResponse:
    """What changed since a cursor, removals included. Needs a token with the scope `changes`."""
    access.require(request.admitted, Scope.CHANGES)  # type: ignore[attr-defined]
    parameters.refuse_unknown(request, ChangesQuery)
    after = cursors.read_number(asked.cursor)
    rows = statements.tuples(CHANGES, [after, asked.limit + 1])
    shown = rows[: asked.limit]
    items = [
        Change(
            change="removed" if removed else "changed",
            type=kind,
            id=key,
            locale=locale,
            path=path,
            at=at,
        )
        for _number, kind, key, locale, path, removed, at in shown
    ]
    last = shown[-1][0] if shown else after
    answer = Changes(items=items, next=cursors.write_number(last), more=len(rows) > asked.limit)
    return HttpResponse(
        answer.model_dump_json(),
        content_type=JSON,
        headers={"Cache-Control": "private, no-store", "Vary": "Authorization"},
    )
