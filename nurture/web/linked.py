"""Pages that open by a signed link. A GET never changes anything: scanners open every link."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from nurture import consent
from nurture.mail import links
from nurture.mail.links import Purpose
from nurture.models import Subscriber

Page = Callable[..., HttpResponse]


def linked(purpose: Purpose) -> Callable[[Page], Page]:
    """A page that opens by a signed link only. What is wrong with a link is told to nobody,
    except that it is too old, which the one who has it may know."""

    def decorate(view: Page) -> Page:
        @wraps(view)
        def page(request: HttpRequest, token: str) -> HttpResponse:
            try:
                target = links.read(purpose, token, now=timezone.now())
                response = view(request, target, token)
            except links.ExpiredLink:
                response = invalid(request, expired=True)
            except (links.BadLink, consent.Gone):
                response = invalid(request, expired=False)
            response["Referrer-Policy"] = "no-referrer"
            response["X-Robots-Tag"] = "noindex"
            return response

        # No cookie is needed to press a button that a signed link leads to, and RFC 8058 forbids
        # asking for one. The link itself is what another site cannot forge.
        return csrf_exempt(never_cache(require_http_methods(["GET", "HEAD", "POST"])(page)))

    return decorate


def person_of(target: links.Target) -> Subscriber:
    """Whose link this is. Raises `Gone` or, for a revoked link, `BadLink`."""
    subscriber = Subscriber.objects.filter(public_id=target.public_id).first()
    if subscriber is None:
        raise consent.Gone
    target.check(subscriber)
    return subscriber


def invalid(request: HttpRequest, *, expired: bool) -> HttpResponse:
    status = 410 if expired else 404
    return render(request, "nurture/link_invalid.html", {"expired": expired}, status=status)
