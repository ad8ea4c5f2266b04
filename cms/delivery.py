"""How long others may keep a page that we serve."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_cache_control
from wagtail.models import Page

Serve = Callable[..., HttpResponseBase]

SECONDS = 60  # a correction of a health page is everywhere after a minute


def say_who_may_keep_it(serve: Serve) -> Serve:
    """Wagtail's hook around serving a page; the innermost, so that access was granted before.

    Somebody without a session sees what everybody sees. A page behind a password or a login is
    served only to a session, and staff see their own bar on it: that is kept by nobody.
    """

    def served(page: Page, request: HttpRequest, args: Any, kwargs: Any) -> HttpResponseBase:
        response = serve(page, request, args, kwargs)
        if response.has_header("Cache-Control"):
            return response
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            patch_cache_control(response, private=True, no_cache=True)
        else:
            patch_cache_control(response, public=True, max_age=SECONDS)
        return response

    return served
