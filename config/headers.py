"""What a browser may do with our pages: nothing that is not ours, and nobody frames them.

The admin has scripts and styles of its own in its pages, so for it only the rest holds.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

NAME = "Content-Security-Policy"
# An editor's preview frames our own pages.
EVERYWHERE = "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
PAGES = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; " + EVERYWHERE
OF_STAFF = ("/admin/", "/api/")

Next = Callable[[HttpRequest], HttpResponseBase]


def content_policy(get_response: Next) -> Next:
    """A middleware. A view that has set a policy of its own keeps it."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        is_staffs = request.path_info.startswith(OF_STAFF)
        response.headers.setdefault(NAME, EVERYWHERE if is_staffs else PAGES)
        return response

    return answer
