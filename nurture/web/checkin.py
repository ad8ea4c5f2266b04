"""How did it feel? The answer that was tapped stands ready; one button says it."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from nurture import checkins, tasks
from nurture.checkins import OUTCOMES, Asked
from nurture.domain.feedback import Action
from nurture.mail import links
from nurture.mail.links import Purpose, Target
from nurture.models import CheckIn, Enrolment
from nurture.web.linked import linked


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer as the page offers it."""

    label: str
    url: str
    chosen: bool


@linked(Purpose.CHECK_IN)
def page(request: HttpRequest, target: Target, _token: str) -> HttpResponse:
    asked = checkins.asked(target.public_id)
    target.check(asked.message.subscriber)
    asked.answer(target.answer)  # a number that the mail never offered opens nothing
    if request.method != "POST":
        return ask(request, asked, target.answer)
    said = checkins.record(target.public_id, target.answer, now=timezone.now(), source="link")
    tasks.ring_on_commit(tasks.send_transactional)
    return thank(request, checkins.asked(target.public_id), said)


def ask(request: HttpRequest, asked: Asked, number: int) -> HttpResponse:
    choices = [
        Choice(answer.label, links.check_in(asked.message, place), place == number)
        for place, answer in enumerate(asked.rules.answers, start=1)
    ]
    context = {
        "question": asked.rules.question,
        "chosen": next(choice for choice in choices if choice.chosen),
        "others": [choice for choice in choices if not choice.chosen],
        "is_open": asked.is_open,
    }
    return render(request, "nurture/check_in.html", context)


def thank(request: HttpRequest, asked: Asked, said: CheckIn) -> HttpResponse:
    """What happens now, what to do, and when the next mail comes."""
    subscriber = asked.message.subscriber
    does = Action(said.does)
    late = not said.in_time and does is not Action.STOP
    context = {
        "outcome": "late" if late else OUTCOMES[does],
        "subscriber": subscriber,
        "enrolment": Enrolment.objects.get(pk=asked.enrolment.pk),
        "safety_text": asked.rules.safety_text,
        "emergency_numbers": settings.EMERGENCY_NUMBERS,
        "practice_phone": settings.PRACTICE_PHONE,
        "preferences_url": links.preferences(subscriber, since=timezone.now()),
    }
    return render(request, "nurture/checked_in.html", context)
