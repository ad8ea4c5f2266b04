"""One's own data: to take along, and to have erased. Both by a link of its own purpose."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from nurture import privacy
from nurture.mail.links import Purpose, Target
from nurture.web.linked import linked, person_of


@linked(Purpose.EXPORT)
def export(request: HttpRequest, target: Target, _token: str) -> HttpResponse:
    subscriber = person_of(target)
    if request.method != "POST":
        return render(request, "nurture/export.html")
    body = json.dumps(privacy.export(subscriber), ensure_ascii=False, indent=2)
    response = HttpResponse(body, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@linked(Purpose.ERASE)
def erase(request: HttpRequest, target: Target, _token: str) -> HttpResponse:
    subscriber = person_of(target)
    if request.method != "POST":
        return render(request, "nurture/erase.html")
    erased = privacy.erase(subscriber.public_id, now=timezone.now())
    return render(request, "nurture/erased.html", {"erased": erased})
