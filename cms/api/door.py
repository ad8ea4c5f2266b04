"""The way in. What comes for the API takes a short path: no session, no cookie, no language from
the browser, so that an answer depends on its address alone and may be kept by anybody.

It also sees to what holds for every answer: methods, length, what the client accepts, who may read
it from another site, and that whatever goes wrong is a problem document.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TypeAlias

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, resolve

from cms.api import unasked
from cms.api.problems import MEDIA_TYPE, Problem
from cms.integrations import access

log = logging.getLogger(__name__)

PREFIX = "/api/v1/"
NAMESPACE = "api-v1"
BESIDE = "people-v1"  # which has a description of its own to read here
METHODS = "GET, HEAD, OPTIONS"
LONGEST_QUERY = 2_000  # characters; a longer one is a mistake or an attack
ACCEPTED = ("*/*", "application/*", "application/json", "+json", "text/html", "text/*")
EXPOSED = "ETag, Last-Modified, Link, RateLimit, RateLimit-Policy, Retry-After, Content-Language"

Next: TypeAlias = Callable[[HttpRequest], HttpResponseBase]


class ShortPath:
    """The middleware. It stands behind what makes the connection safe and before all else."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if not path.startswith(PREFIX) or path in settings.API_WRITABLE:
            return self.get_response(request)
        request.get_host()  # refuses hosts that are not ours
        try:
            response = answer(request)
        except Problem as problem:
            response = problem.response()
        except access.Refused as refused:
            response = Problem(refused.status, refused.detail, headers=refused.headers).response()
        except DatabaseError:
            log.exception("the API cannot reach its database")
            response = Problem(
                503, "The content cannot be reached. Try again.", headers={"Retry-After": "5"}
            ).response()
        except Exception:
            log.exception("the API failed")
            response = Problem(500, "This is our fault, and it has been written down.").response()
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = EXPOSED
        return response


def answer(request: HttpRequest) -> HttpResponseBase:
    if request.method == "OPTIONS":
        return preflight()
    if request.method not in {"GET", "HEAD"}:
        raise Problem(405, f"The API is for reading: {METHODS}.", headers={"Allow": METHODS})
    refuse_odd(request)
    admitted = access.admit(request)
    request.admitted = admitted  # type: ignore[attr-defined]
    response = view_of(request)
    for name, value in access.headers(admitted.verdict).items():
        response.headers[name] = value
    return response


def view_of(request: HttpRequest) -> HttpResponseBase:
    found = found_at(request.path_info)
    is_head, request.method = request.method == "HEAD", "GET"
    shorter = None if request.META.get("QUERY_STRING") else found.if_unasked
    response = (shorter or found.view)(request)
    if is_head and isinstance(response, HttpResponse):
        response.headers["Content-Length"] = str(len(response.content))
        response.content = b""
    return response


@dataclass(frozen=True, slots=True)
class Place:
    """What serves an address, and the shorter way there for a request without a query."""

    view: Callable[[HttpRequest], HttpResponseBase]
    if_unasked: Callable[[HttpRequest], HttpResponseBase] | None


@lru_cache(maxsize=1_000)
def found_at(path: str) -> Place:
    """The map is the same for the life of the process."""
    nothing = Problem(404, "There is nothing here. Addresses end with a slash.")
    try:
        match = resolve(path)
    except Resolver404:
        raise nothing from None
    if not {NAMESPACE, BESIDE} & {*match.namespaces}:  # Wagtail takes what is left
        raise nothing
    return Place(partial(match.func, *match.args, **match.kwargs), unasked.answer_of(match))


def refuse_odd(request: HttpRequest) -> None:
    if len(request.META.get("QUERY_STRING", "")) > LONGEST_QUERY:
        raise Problem(414, f"The query is longer than {LONGEST_QUERY} characters.")
    accept = request.META.get("HTTP_ACCEPT", "")
    if accept and not any(kind in accept for kind in ACCEPTED):
        raise Problem(406, f"The API speaks application/json, and {MEDIA_TYPE} if it must.")


def preflight() -> HttpResponse:
    """A browser asks whether a page of another site may send an Authorization header."""
    return HttpResponse(
        status=204,
        headers={
            "Allow": METHODS,
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": "Authorization, If-None-Match, If-Modified-Since",
            "Access-Control-Max-Age": "86400",
        },
    )
