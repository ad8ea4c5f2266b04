"""Saying yes, and leaving."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from nurture import admission, consent, tasks
from nurture.mail.links import Purpose, Target
from nurture.models import Consent, Subscriber
from nurture.web.linked import linked, person_of


@linked(Purpose.CONFIRM)
def confirm(request: HttpRequest, target: Target, token: str) -> HttpResponse:
    asked = consent.requested(target.public_id)
    if request.method != "POST":
        asking = {"sequence": asked.sequence, "token": token}
        return render(request, "nurture/confirm.html", asking)
    enrolment = consent.confirm(target.public_id, now=timezone.now(), source="link")
    tasks.ring_on_commit(tasks.claim_due)
    context: dict[str, object] = {
        "sequence": asked.sequence,
        "subscriber": asked.subscriber,
        "first_due": enrolment.due_at if enrolment else None,
    }
    if enrolment is None:
        return render(request, "nurture/does_not_fit.html", {**context, "why": why_not(asked)})
    return render(request, "nurture/confirmed.html", context)


def why_not(asked: Consent) -> list[str]:
    """Whom the programme is for, by the rules that keep this person out."""
    person = Subscriber.objects.get(pk=asked.subscriber_id)  # as it is since the confirmation
    sequence = consent.sequence_of(asked)
    refused = admission.unmet(sequence, person, now=timezone.now())
    return [admission.sentence(rule) for rule in refused]


@linked(Purpose.UNSUBSCRIBE)
def unsubscribe(request: HttpRequest, target: Target, token: str) -> HttpResponse:
    """One click by a mail program (RFC 8058) and the button of a person are the same POST."""
    person_of(target)
    if request.method != "POST":
        return render(request, "nurture/unsubscribe.html", {"token": token})
    consent.withdraw(target.public_id, source="link")
    return render(request, "nurture/unsubscribed.html")
