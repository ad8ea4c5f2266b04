"""The way in for what other sites and programs write: signups and outside events.

Browsers may call from the configured origins only, without cookies. Bodies are JSON and short.
"""

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from ninja.errors import HttpError

from cms.api.problems import Problem
from cms.integrations import access

log = logging.getLogger(__name__)

LONGEST_BODY = 16_384
METHODS = "GET, POST, OPTIONS"

Next = Callable[[HttpRequest], HttpResponseBase]


class WritingDoor:
    """The middleware. What goes wrong behind it becomes a problem document."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info not in settings.API_WRITABLE:
            return self.get_response(request)
        try:
            response = self.answer(request)
        except Problem as problem:
            response = problem.response()
        response.headers["Vary"] = "Origin"
        response.headers.setdefault("Cache-Control", "no-store")
        origin = request.headers.get("Origin")
        if origin in settings.SIGNUP_ORIGINS:
            response.headers["Access-Control-Allow-Origin"] = origin
        return response

    def answer(self, request: HttpRequest) -> HttpResponseBase:
        origin = request.headers.get("Origin")
        if origin is not None and origin not in settings.SIGNUP_ORIGINS:
            raise Problem(403, "Pages of this origin may not write here.")
        if request.method == "OPTIONS":
            return preflight()
        if request.method == "POST":
            look_at_the_body(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """What a view raises. Django asks here before it makes an answer of its own."""
        if request.path_info not in settings.API_WRITABLE:
            return None
        if isinstance(error, Problem):
            return error.response()
        if isinstance(error, access.Refused):
            return Problem(error.status, error.detail, headers=error.headers).response()
        if isinstance(error, HttpError):  # a body that is no JSON
            return Problem(error.status_code, str(error)).response()
        if isinstance(error, DatabaseError):
            log.exception("the API cannot reach its database")
            return Problem(503, "Try again.", headers={"Retry-After": "5"}).response()
        return None


def look_at_the_body(request: HttpRequest) -> None:
    if request.content_type != "application/json":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send application/json.")
    length = request.headers.get("Content-Length", "0")
    if not length.isdigit() or int(length) > LONGEST_BODY:
        raise Problem(413, f"The body is longer than {LONGEST_BODY} bytes.")


def preflight() -> HttpResponse:
    return HttpResponse(
        status=204,
        headers={
            "Allow": METHODS,
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": "Content-Type",
            "Access-Control-Max-Age": "86400",
        },
    )
