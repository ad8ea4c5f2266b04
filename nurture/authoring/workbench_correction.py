"""Writing, checking and sending the mail that puts something right."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from nurture.authoring import correcting, recall
from nurture.authoring.faults import Weight
from nurture.authoring.workbench import draft_for, page, send_as_test
from nurture.models import Correction, Sequence, StepVersion


class CorrectionForm(forms.ModelForm):  # type: ignore[type-arg]  # no class getitem at run time
    """Unfinished words may be saved; what keeps them from being sent is told beside them."""

    class Meta:
        model = Correction
        fields = ("subject", "text")
        labels = {"subject": gettext_lazy("Subject"), "text": gettext_lazy("Text")}
        widgets = {"text": forms.Textarea(attrs={"rows": 12})}


def allowed(request: HttpRequest, pk: int) -> Sequence:
    """The draft, for somebody who may also see who received what."""
    draft = draft_for(request, pk)
    if not request.user.has_perm("nurture.recall"):
        raise PermissionDenied
    return draft


@require_POST
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    allowed(request, pk)
    version = get_object_or_404(StepVersion, pk=number_in(request, "version"), step__sequence=pk)
    row = correcting.prepare(version, page=request.POST.get("page", ""))
    return redirect("sequence_correction", pk, row.public_id)


@require_http_methods(["GET", "POST"])
def correction(request: HttpRequest, pk: int, public_id: UUID) -> HttpResponse:
    draft = allowed(request, pk)
    rows = Correction.objects.select_related("version__step__sequence", "version__locale")
    row = get_object_or_404(rows, public_id=public_id, version__step__sequence=pk)
    form = CorrectionForm(instance=row)
    if request.method == "POST":
        form = CorrectionForm(request.POST, instance=row) if "text" in request.POST else form
        if act(request, row, form):
            return redirect("sequence_correction", pk, public_id)
        row.refresh_from_db(fields=["subject", "text"])
    return page(request, draft, "correction", shown(row, form))


def act(request: HttpRequest, row: Correction, form: CorrectionForm) -> bool:
    """Do what the pressed button says; False if the form has to be shown again."""
    match request.POST.get("action"):
        case "send":
            send(request, row)
        case "test":
            send_as_test(request, *correcting.look(row))
        case _ if row.sent_at is not None:
            messages.error(request, _("It was sent already. Nothing of it can be changed."))
        case _ if not form.is_valid():
            return False
        case _:
            form.save()
            messages.success(request, _("Saved. Look at it below."))
    return True


def send(request: HttpRequest, row: Correction) -> None:
    try:
        people = correcting.send(
            row.pk, confirmed=number_in(request, "people"), by=request.user, now=timezone.now()
        )
    except correcting.NotReady:
        messages.error(request, _("Nothing was sent: mend what is told beside the text first."))
    except correcting.Changed as error:
        text = _("Nothing was sent: it would reach %(people)s people. Type that number.")
        messages.error(request, text % {"people": error.people})
    else:
        text = _("On its way to %(people)s people.") if people else _("It was sent already.")
        messages.success(request, text % {"people": people})


def number_in(request: HttpRequest, name: str) -> int:
    """What somebody typed as a number; -1 for anything else."""
    text = request.POST.get(name, "").strip()
    return int(text) if text.isascii() and text.isdecimal() else -1


def shown(row: Correction, form: CorrectionForm) -> dict[str, Any]:
    subject, text, html = correcting.look(row)
    found = correcting.faults(row)
    reach = correcting.reach(row)
    states = row.message_set.values("state", "reason").annotate(people=Count("pk"))
    return {
        "correction": row,
        "exercise": recall.titles_of({str(row.page)}).get(str(row.page)) if row.page else "",
        "form": form,
        "subject": subject,
        "text": text,
        "html": html,
        "errors": [fault for fault in found if fault.weight is Weight.ERROR],
        "hints": [fault for fault in found if fault.weight is Weight.HINT],
        "people": len(reach.people),
        "beyond": [person.public_id for person in reach.beyond],
        "states": states.order_by("state", "reason"),
    }
