"""Pages that open by a signed link. A GET never changes anything: scanners open every link."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from nurture import consent, preferences, signup, tasks
from nurture.domain.states import MessageKind
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
            except links.ExpiredLink as error:
                response = too_old(request, error.target)
            except (links.BadLink, consent.Gone):
                response = render(request, "nurture/link_invalid.html", status=404)
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


def too_old(request: HttpRequest, target: links.Target) -> HttpResponse:
    """Whoever has it may know that it is too old, and can have a new one mailed: to the address
    that the link belongs to, whatever the visitor says."""
    renewed = False
    if request.method == "POST" and request.POST.get("action") == "new-link":
        renew(target)
        tasks.ring_on_commit(tasks.send_transactional)
        renewed = True
    context = {"renewed": renewed, "renewable": target.purpose in RENEWABLE}
    return render(request, "nurture/link_expired.html", context, status=410)


RENEWABLE = frozenset({Purpose.CONFIRM, Purpose.PREFERENCES})


def renew(target: links.Target) -> None:
    now = timezone.now()
    try:
        if target.purpose is Purpose.CONFIRM:
            signup.ask_again(target.public_id, now=now)
        elif target.purpose is Purpose.PREFERENCES:
            preferences.mail_link(MessageKind.LINKS, person_of(target), now=now)
    except (links.BadLink, consent.Gone):
        return  # the answer is the same: what became of the person is nobody else's business
