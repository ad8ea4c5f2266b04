"""A counted link: whoever follows it is led on at once, counted or not."""

import logging

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from nurture import clicks
from nurture.domain.clicks import names_itself
from nurture.mail.links import Purpose, Target
from nurture.web.linked import linked

log = logging.getLogger(__name__)


@linked(Purpose.CLICK)
def page(request: HttpRequest, target: Target, _token: str) -> HttpResponse:
    link = clicks.followed(target.public_id, target.answer)
    if is_a_visit(request):
        try:
            clicks.record(link, now=timezone.now())
        except DatabaseError:  # the reader gets the page all the same
            log.exception("a click could not be counted")
    return HttpResponseRedirect(link.address)


def is_a_visit(request: HttpRequest) -> bool:
    """Not what only asks for headers, fetches ahead, or says that it is a program."""
    ahead = request.headers.get("Sec-Purpose") or request.headers.get("Purpose")
    program = names_itself(request.headers.get("User-Agent", ""))
    return request.method == "GET" and not ahead and not program
