"""Drafts on the front end: the editor gets a signed address, the front end asks the API for it.

A token names one stored draft, so it opens one page and nothing else; it expires by its signature
and by its row. The draft is compiled when it is typed, and serving it is one SELECT.
"""

import logging
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from cms.documents import compiling
from cms.models import front_end
from cms.models.front_end import Client
from cms.models.preview_draft import PreviewDraft

log = logging.getLogger(__name__)

SALT = "cms.preview"
KEY_BYTES = 16
LONGEST_TOKEN = 200


class NoPreview(LookupError):
    """Forged, foreign, expired or deleted: nobody is told which."""


def connect() -> None:
    """Once, when the app starts."""
    front_end.Preview.respond = respond


def respond(page: Any, request: HttpRequest, client: Client) -> HttpResponse | None:
    """Lead an editor to the draft on the front end; None if the draft has no document yet."""
    in_panel = bool(getattr(request, "in_preview_panel", False))
    token = keep(page, user=request.user, slot=slot_of(page, request) if in_panel else None)
    if token is None:
        return None
    address = f"{client.origin}{client.preview_path}?{urlencode({'token': token})}"
    response = framed(request, address, client) if in_panel else HttpResponseRedirect(address)
    add_never_cache_headers(response)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def framed(request: HttpRequest, address: str, client: Client) -> HttpResponse:
    """Wagtail's panel works with the document in its frame, so it gets one of ours around it."""
    context = {"address": address, "origin": client.origin}
    response = render(request, "cms/admin/preview_frame.html", context)
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; frame-src {client.origin}; script-src 'self'; style-src 'self'; "
        "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
    )
    return response


def slot_of(page: Any, request: HttpRequest) -> str:
    """A new page has no id yet, but the place in the tree that it would get."""
    return f"{request.user.pk}:{page.pk or page.path}:{page.content_type_id}"


def keep(page: Any, *, user: Any, slot: str | None) -> str | None:
    """Store the draft and sign a token for it; None if it cannot be compiled as it stands."""
    PreviewDraft.objects.filter(expires_at__lt=timezone.now()).delete()
    body = compiled(page)
    if body is None:
        return None
    values = {
        "page_id": page.pk,
        "user": user if user.is_authenticated else None,
        "body": body,
        "expires_at": timezone.now() + lifetime(),
    }
    key = secrets.token_urlsafe(KEY_BYTES)
    if slot is None:
        PreviewDraft.objects.create(key=key, **values)
        return sign(key)
    row, _created = PreviewDraft.objects.update_or_create(
        slot=slot, defaults=values, create_defaults={"key": key, **values}
    )
    return sign(row.key)


def compiled(page: Any) -> str | None:
    """The document of a draft; None if it lacks too much to be one yet."""
    try:
        return compiling.compile_draft(page)
    except Exception as error:  # noqa: BLE001, a half-written page may lack anything
        # Without the text of the fault: it quotes the draft, and a title can be a diagnosis.
        log.warning("the draft of page %s has no document: %s", page.pk, type(error).__name__)
        return None


def sign(key: str) -> str:
    return signing.TimestampSigner(salt=SALT).sign(key)


def body_of(token: str) -> str:
    """The document that a token opens. Raises `NoPreview`."""
    if len(token) > LONGEST_TOKEN:
        raise NoPreview
    try:
        key = signing.TimestampSigner(salt=SALT).unsign(token, max_age=lifetime())
    except (signing.BadSignature, ValueError):
        raise NoPreview from None
    row = PreviewDraft.objects.filter(key=key, expires_at__gt=timezone.now()).first()
    if row is None:
        raise NoPreview
    return row.body


def lifetime() -> timedelta:
    return timedelta(minutes=settings.PREVIEW_MINUTES)


def forget() -> None:
    PreviewDraft.objects.filter(expires_at__lt=timezone.now()).delete()
