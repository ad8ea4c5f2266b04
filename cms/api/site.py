"""What a front end asks before it knows a page: the site itself, a page by its path, redirects."""

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field
from wagtail.contrib.redirects.models import Redirect as StoredRedirect

from cms.api import answers, cursors, freshness, parameters, reading, statements
from cms.api.problems import not_found
from cms.api.reading import FOR_ALL, Wanted
from cms.documents.shapes import Shape
from cms.documents.shapes.pages import AnyDocument, SiteDocument

router = Router(tags=["site"])

REDIRECTS = f"""
    SELECT redirect.id, redirect.old_path, redirect.is_permanent,
        CASE WHEN redirect.redirect_page_id IS NULL THEN redirect.redirect_link
             ELSE rtrim(document.path, '/') || coalesce(nullif(redirect_page_route_path, ''), '/')
        END
    FROM wagtailredirects_redirect AS redirect
    LEFT JOIN cms_document AS document
      ON document.page_id = redirect.redirect_page_id AND document.type <> 'site'
    LEFT JOIN wagtailcore_page AS page ON page.id = document.page_id
    WHERE (redirect.redirect_page_id IS NULL AND redirect.redirect_link <> ''
           OR page.id IS NOT NULL AND {FOR_ALL})
      AND redirect.id > %s AND (%s::text IS NULL OR redirect.old_path = %s)
    ORDER BY redirect.id
    LIMIT %s
"""  # noqa: S608 - our own constants


class SiteQuery(parameters.Language):
    pass


class PathQuery(BaseModel):
    path: str = Field(
        description="Where the page stands, as in its `path`.",
        examples=["/hip/sore-hip/"],
        min_length=1,
        max_length=1_000,
        pattern=r"^/[^\x00]*$",
    )


class RedirectsQuery(BaseModel):
    path: str | None = Field(
        None, description="Only the redirect from here.", max_length=255, pattern=r"^/[^\x00]*$"
    )
    limit: int = Field(100, ge=1, le=500, description="How many at once.")
    cursor: parameters.CursorText | None = Field(
        None, description="Where to go on: `next` of the answer before."
    )


class Redirect(Shape):
    """`source` is a path without a slash at its end, `target` a path of this site or an address."""

    source: str
    target: str
    permanent: bool


class Redirects(Shape):
    items: list[Redirect]
    next: str | None


@router.get("site/", response=SiteDocument, operation_id="get_site", summary="Get the site")
def site(request: HttpRequest, asked: Query[SiteQuery]) -> HttpResponse:
    """Name, address, navigation and languages of the site."""
    parameters.refuse_unknown(request, SiteQuery)
    found = reading.of_site(locales=parameters.locales(asked), known=freshness.known(request))
    if found is None:
        raise not_found("There is no public home page in this language.")
    return answers.document(request, found, Wanted())


@router.get(
    "pages/by-path/",
    response=AnyDocument,
    operation_id="get_page_by_path",
    summary="Get page by path",
)
def by_path(request: HttpRequest, asked: Query[PathQuery]) -> HttpResponse:
    """The page at a path of the site, whatever its type. Ask `redirects/` if there is none."""
    parameters.refuse_unknown(request, PathQuery)
    path = asked.path if asked.path.endswith("/") else f"{asked.path}/"
    found = reading.by_path(path, wanted=Wanted(), known=freshness.known(request))
    if found is None or found.row.path != path:
        raise not_found("There is no public page at this path.")
    return answers.document(request, found, Wanted())


@router.get(
    "redirects/", response=Redirects, operation_id="list_redirects", summary="List redirects"
)
def redirects(request: HttpRequest, asked: Query[RedirectsQuery]) -> HttpResponse:
    """Old paths and where they lead, one page at a time."""
    parameters.refuse_unknown(request, RedirectsQuery)
    after = cursors.read_number(asked.cursor)
    path = StoredRedirect.normalise_path(asked.path) if asked.path else None
    rows = statements.tuples(REDIRECTS, [after, path, path, asked.limit + 1])
    shown, more = rows[: asked.limit], rows[asked.limit :]
    answer = Redirects(
        items=[
            Redirect(source=source, target=target, permanent=permanent)
            for _pk, source, permanent, target in shown
        ],
        next=cursors.write_number(shown[-1][0]) if more else None,
    )
    return answers.made(request, answer, keys=["redirects"])
