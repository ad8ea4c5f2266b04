"""The views beside the editor: effect on people, calendar, versions, a test to oneself."""

import logging
from collections.abc import Mapping
from datetime import date
from typing import Any

from anymail.exceptions import AnymailError
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_GET, require_http_methods
from wagtail.permissions import policy_registry

from nurture.authoring import ahead, impact, planned, preview, recall
from nurture.authoring.compile import plan_of, read
from nurture.authoring.faults import besides
from nurture.domain import addresses
from nurture.models import Correction, Sequence, StepVersion

log = logging.getLogger(__name__)

MOST_TESTS = 10
MOST_DAYS = 14


def draft_for(request: HttpRequest, pk: int, *, action: str = "change") -> Sequence:
    """The newest draft, for somebody who may edit it."""
    row = get_object_or_404(Sequence, pk=pk)
    policy = policy_registry.get_by_type(Sequence)
    if not policy.user_has_permission_for_instance(request.user, action, row):
        raise PermissionDenied
    draft: Sequence = row.get_latest_revision_as_object()
    return draft


def page(
    request: HttpRequest, draft: Sequence, tab: str, values: Mapping[str, Any]
) -> HttpResponse:
    context = {"sequence": draft, "tab": tab, "page_title": str(draft), **values}
    return render(request, f"nurture/admin/workbench_{tab}.html", context)


def usable_plan(draft: Sequence) -> tuple[list[planned.Planned], list[str]]:
    """The plan of the draft, or what keeps it from being one."""
    asked = frozenset(draft.asks)
    found = list(planned.faults(draft.steps, asked=asked))
    if faults := besides(found, planned.form_faults(draft.steps)):
        return [], [str(fault) for fault in sorted(faults, key=lambda fault: fault.step)]
    with override(draft.locale.language_code):
        return plan_of(draft), []


# ------------------------------------------------------------------ before publishing


@require_GET
def effect(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom an edit meets where, and what it moves, before it is published."""
    draft = draft_for(request, pk)
    plan, faults = usable_plan(draft)
    values: dict[str, Any] = {"faults": faults}
    if plan:
        row = Sequence.objects.get(pk=pk)
        found = impact.of(row, draft, plan, now=timezone.now())
        values |= {"impact": found, "dates": first_days(found)}
    return page(request, draft, "effect", values)


def first_days(found: impact.Impact) -> list[tuple[date, int]]:
    days = sorted(found.next_dates.items())[:MOST_DAYS]
    return [(date.fromisoformat(day), people) for day, people in days]


@require_GET
def calendar(request: HttpRequest, pk: int) -> HttpResponse:
    draft = draft_for(request, pk)
    return page(request, draft, "calendar", {"days": ahead.calendar(timezone.now())})


@require_GET
def hints(request: HttpRequest, pk: int) -> JsonResponse:
    """Everything that is to be said about the newest draft, with its place in the form."""
    draft = draft_for(request, pk)
    with override(draft.locale.language_code):
        faults = read(draft).faults
    keys = [str(child.id) for child in draft.steps]
    told = [
        {
            "path": [keys[fault.step - 1], *named(draft, fault.place)],
            "step": fault.step,
            "text": fault.text,
            "weight": fault.weight,
        }
        for fault in faults
        if keys
    ]
    return JsonResponse({"faults": told})


def named(draft: Sequence, place: tuple[int | str, ...]) -> list[str]:
    """The rest of a place as the form calls it: blocks of the body by their own ids."""
    _step, *rest = place
    names = [str(part) for part in rest]
    inner = 2
    if len(rest) >= inner and rest[0] in {"body", "conditions"} and isinstance(rest[1], int):
        stream = draft.steps[int(place[0])].value[rest[0]]
        names[1] = str(stream[rest[1]].id)
    return names


# ------------------------------------------------------------------ a test to oneself


@require_http_methods(["POST"])
def test_send(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one mail of the draft to some addresses. It is marked as a test and counted nowhere."""
    draft = draft_for(request, pk)
    looked = preview.look(draft, request.POST.dict())
    send_as_test(request, looked.subject, looked.text, looked.html)
    return redirect("sequence_versions", pk)


def send_as_test(request: HttpRequest, subject: str, text: str, html: str) -> None:
    """To the addresses in the form, and tell how it went. Without HTML there is nothing to send."""
    named = request.POST.get("to", "").split(",")
    to = [address.strip() for address in named if address.strip()]
    if not all(map(is_usable, to)) or not to or len(to) > MOST_TESTS or not html:
        messages.error(request, _("Nothing was sent: this mail has faults, or no usable address."))
        return
    mail = EmailMultiAlternatives(
        subject=_("[Test] %(subject)s") % {"subject": subject},
        body=text,
        from_email=settings.MAIL_FROM,
        to=to,
        headers={"X-Rehabit-Test": "yes", "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(html, "text/html")
    try:
        mail.send()
    except (OSError, AnymailError) as error:  # its words may name the address
        log.warning("a test could not be handed over: %s", type(error).__name__)
        messages.error(request, _("The mail server does not take it now. Please try again later."))
    else:
        messages.success(request, _("The test is on its way."))


def is_usable(address: str) -> bool:
    try:
        addresses.parse(address)
    except addresses.BadAddress:
        return False
    return True


# ------------------------------------------------------------------ afterwards


@require_GET
def versions(request: HttpRequest, pk: int) -> HttpResponse:
    """All versions with what changed, how many got each, and the way to call one back."""
    draft = draft_for(request, pk)
    names = [(n, child.value["name"]) for n, child in enumerate(draft.steps, start=1)]
    values = {
        "told": recall.versions(Sequence.objects.get(pk=pk)),
        "names": names,
        "may_recall": request.user.has_perm("nurture.recall"),
        "corrections": Correction.objects.filter(version__step__sequence=pk).select_related(
            "version__step", "version__locale", "sent_by"
        ),
    }
    return page(request, draft, "versions", values)


@require_GET
def recalled(request: HttpRequest, pk: int) -> HttpResponse:
    """Everybody who got a version, or a revision of an exercise, with a mail to put it right."""
    draft = draft_for(request, pk)
    if not request.user.has_perm("nurture.recall"):
        raise PermissionDenied
    version = get_object_or_404(StepVersion, pk=request.GET.get("version"), step__sequence=pk)
    exercise = request.GET.get("page", "")
    rows = (
        recall.who_got(page=int(exercise), revision=version.page_revisions.get(exercise))
        if exercise in version.page_revisions
        else recall.who_got(version=version.pk)
    )
    found = list(rows)
    log.info("user %s looked at who got version %s", request.user.pk, version.pk)
    values = {
        "version": version,
        "exercise": exercise,
        "rows": found,
        "people": len({row.subscriber_id for row in found}),
    }
    return page(request, draft, "recall", values)
