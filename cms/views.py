"""What is served beside the pages: permanent links, files, and the state of the process."""

from http import HTTPStatus
from pathlib import PurePosixPath
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Case, When
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404, render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.static import serve
from wagtail.models import Locale, Page

from cms import languages, words
from cms import search as searching

# Documents are not among them: Wagtail serves those after a look at their permissions.
PUBLIC_FOLDERS = frozenset({"images", "original_images", "mail"})
ORIGINALS = "original_images"
MEDIA_HEADERS = {
    # An SVG may carry script. Opened by itself, it must not run as a page of ours.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
    # A changed picture gets a new name, so what is under a name never changes.
    "Cache-Control": "public, max-age=31536000, immutable",
}

HEADINGS = {
    "diagnosispage": _("What it could be"),
    "exercisepage": _("Exercises"),
    "articlepage": _("Good to read"),
    "regionpage": _("Parts of the body"),
    "clinicianpage": _("Our team"),
}


@never_cache
@require_safe
def permalink(request: HttpRequest, key: UUID) -> HttpResponse:
    """The address that mails carry: it says nothing about the page, and survives its moves.

    It leads to the page in the language of the address, or else to one that is there.
    """
    own = When(locale__language_code=languages.active(), then=0)
    page = get_object_or_404(
        Page.objects.live()
        .filter(translation_key=key)
        .order_by(Case(own, default=1), "locale_id")[:1]
    )
    url = page.specific_deferred.get_url(request)
    if url is None:
        raise Http404
    return HttpResponseRedirect(url)


@never_cache
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """All public pages by words. What somebody looks for is theirs: no cache keeps it."""
    asked = request.GET.get("q", "").strip()
    try:
        hits = searching.find(asked, locale=Locale.get_active())
    except words.TooLong:
        context = {"asked": asked[: words.MAX_LENGTH], "too_long": True}
        return render(request, "cms/search.html", context, status=HTTPStatus.BAD_REQUEST)
    groups = [(HEADINGS[kind], found) for kind, found in searching.grouped(hits)]
    return render(
        request, "cms/search.html", {"asked": asked, "groups": groups, "number": len(hits)}
    )


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Uploaded pictures. 404 for everything outside the public folders.

    A photo as it was uploaded may tell where it was taken. Pages show versions without that, so the
    original is for those who work here.
    """
    parts = PurePosixPath(path).parts
    if not parts or parts[0] not in PUBLIC_FOLDERS or ".." in parts:
        raise Http404
    staff_only = parts[0] == ORIGINALS and not path.lower().endswith(".svg")
    if staff_only and not request.user.has_perm("wagtailadmin.access_admin"):
        raise Http404
    response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    if isinstance(response, FileResponse):
        response.headers["Content-Disposition"] = "inline"
    for name, value in MEDIA_HEADERS.items():
        response.headers[name] = value
    if staff_only:
        add_never_cache_headers(response)
    return response


@never_cache
@require_safe
def live(_request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """The database answers. Redis is a convenience and does not count."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("database away", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")
