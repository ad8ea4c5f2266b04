from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from wagtail.api.v3.urls import api as api_v3

from cms.api import reading
from config.urls import urlpatterns as installation

DOCUMENT = "SELECT body, etag FROM cms_document WHERE id = %s"
CARDS = """
    SELECT card FROM cms_document WHERE type = 'article' AND locale = %s ORDER BY title, id LIMIT 20
"""

# `reading.by_key`, for a client that has the document.
OURS = reading.ONE.format(
    content=reading.BODY.format(known="= %s"),
    which="document.type = %s AND document.key = %s AND document.locale = %s",
)


def one(_request: HttpRequest, pk: int) -> HttpResponse:
    """The practical limit: one SELECT, the same bytes."""
    with connection.cursor() as cursor:
        cursor.execute(DOCUMENT, [pk])
        body, etag = cursor.fetchone()
    return HttpResponse(body, content_type="application/json", headers={"ETag": f'"{etag}"'})


def unchanged(_request: HttpRequest, pk: int) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT etag FROM cms_document WHERE id = %s", [pk])
        (etag,) = cursor.fetchone()
    return HttpResponse(status=304, headers={"ETag": f'"{etag}"'})


def unchanged_by_our_select(request: HttpRequest, key: str) -> HttpResponse:
    """With the very SELECT that our API makes: it also looks who may see the page."""
    known = request.META["HTTP_IF_NONE_MATCH"].strip('"')
    with connection.cursor() as cursor:
        cursor.execute(OURS, [known, "article", key, "en-us", "en-us"])
        etag = cursor.fetchone()[5]
    return HttpResponse(status=304, headers={"ETag": f'"{etag}"'})


def many(_request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(CARDS, ["en-us"])
        items = ",".join(card for (card,) in cursor.fetchall())
    return HttpResponse(f'{{"items":[{items}],"next":null}}', content_type="application/json")


urlpatterns = [
    path("plain/<int:pk>/", one),
    path("plain/<int:pk>/304/", unchanged),
    path("plain/by-key/<uuid:key>/304/", unchanged_by_our_select),
    path("plain/", many),
    path("api/v3/", api_v3.urls),
    *installation,
]
