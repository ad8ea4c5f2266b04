"""A secret is shown in the answer to the click that made it, and never again."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers


def page(request: HttpRequest, *, title: Any, secret: str, hint: Any, back: str) -> HttpResponse:
    context = {
        "header_title": title,
        "page_title": title,
        "header_icon": "key",
        "secret": secret,
        "hint": hint,
        "back": back,
    }
    response = render(request, "cms/admin/shown_once.html", context)
    add_never_cache_headers(response)
    return response
