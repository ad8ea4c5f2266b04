"""A person's own page, without an account: what comes next, and everything that can be changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from nurture import admission, consent, preferences, programmes, tasks
from nurture.consent import Gone
from nurture.domain.clocks import local_date
from nurture.domain.states import ConsentTopic, MessageKind
from nurture.mail import links
from nurture.mail.links import Purpose, Target
from nurture.models import ConsentText, Enrolment, Subscriber
from nurture.programmes import Offer
from nurture.web.linked import linked, person_of
from nurture.web.preferences_forms import DataForm, PauseForm, ProgrammeForm, TimeForm

# What the page says after each change. The key stands in the address, so nothing else can be said.
DONE: Mapping[str, Any] = {
    "pause": _("Paused. Nothing is sent until then."),
    "resume": _("Welcome back. Here is what comes next."),
    "time": _("Saved. The dates below follow it."),
    "data": _("Saved."),
    "repeat": _("You get the last week once more."),
    "back": _("You go one week back."),
    "leave": _("This programme has ended. No more e-mails of it will come."),
    "change": _("Done. Your new programme begins."),
    "export": _("Look into your inbox: the link to your data is on its way."),
    "links": _("Look into your inbox: the new link is on its way. The old ones have ended."),
}


@dataclass
class Visit:
    """One person on their page."""

    request: HttpRequest
    subscriber: Subscriber
    token: str
    faulty: dict[str, forms.Form] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return local_date(timezone.now(), self.subscriber.zone)

    @property
    def running(self) -> list[preferences.Programme]:
        return preferences.programmes(self.subscriber, now=timezone.now())

    @property
    def enrolment(self) -> Enrolment:
        """The programme that the form is about; only ever one of this person. Raises `Gone`."""
        try:
            wanted = UUID(self.request.POST.get("enrolment", ""))
        except ValueError:
            raise Gone from None
        for programme in self.running:
            if programme.enrolment.public_id == wanted:
                return programme.enrolment
        raise Gone

    @property
    def dates(self) -> dict[str, set[str]]:
        """The names of all dates that we have or want, and of those that have to stay."""
        asked = {name for one in self.running for name in one.enrolment.sequence.asks}
        known = set(self.subscriber.dates)
        return {"names": asked | known, "needed": asked & known}


@linked(Purpose.PREFERENCES)
def page(request: HttpRequest, target: Target, token: str) -> HttpResponse:
    visit = Visit(request, person_of(target), token)
    with translation.override(visit.subscriber.language):
        if request.method != "POST":
            return show(visit)
        act = ACTS.get(request.POST.get("action", ""))
        if act is None:
            return show(visit, status=422)
        done = act(visit)
        if done is None:
            return show(visit, status=422)
        tasks.ring_on_commit(tasks.claim_due)
        tasks.ring_on_commit(tasks.send_transactional)
        if done == "links":  # this very link is void by now
            return render(request, "nurture/links_renewed.html", {"done": DONE[done]})
        return redirect(f"{request.path}?done={done}")


def show(visit: Visit, *, status: int = 200) -> HttpResponse:
    subscriber = visit.subscriber
    running = visit.running
    text = ConsentText.current(subscriber.language)
    moment = timezone.now()
    context = {
        "subscriber": subscriber,
        "programmes": running,
        "done": DONE.get(visit.request.GET.get("done", "")),
        "may_change": preferences.may_change(subscriber),
        "paused": any(one.can_resume for one in running),
        "pause": visit.faulty.get("pause") or PauseForm(today=visit.today, initial={"weeks": 1}),
        "time": visit.faulty.get("time") or time_form(subscriber),
        "data": visit.faulty.get("data") or data_form(visit),
        "change": visit.faulty.get("change") or ProgrammeForm(offered=others(visit)),
        "consent_text": text.text,
        "clicks_text": clicks_text(visit).text if settings.MEASURE_CLICKS else "",
        "unsubscribe_url": links.unsubscribe(subscriber),
        "erase_url": links.erase(subscriber, since=moment),
    }
    return render(visit.request, "nurture/preferences.html", context, status=status)


def time_form(subscriber: Subscriber) -> TimeForm:
    names = ("weekday", "hour", "time_zone", "language")
    return TimeForm(initial={name: getattr(subscriber, name) for name in names})


def data_form(visit: Visit) -> DataForm:
    known = {"first_name": visit.subscriber.first_name, **visit.subscriber.dates}
    known |= {"tags": visit.subscriber.tags, "tags_shown": "yes"}
    return DataForm(initial=known, **visit.dates)


def others(visit: Visit) -> list[Offer]:
    """The programmes on offer that the person is not in."""
    own = {one.enrolment.sequence_id for one in visit.running}
    offers = programmes.offers(visit.subscriber.language)
    return [one for one in offers if one.sequence.pk not in own]


# ------------------------------------------------------------------ what the buttons do


def valid(visit: Visit, name: str, form: forms.Form) -> bool:
    """Whether the form can be acted on; if not, the page shows it again with what is wrong."""
    if form.is_valid():
        return True
    visit.faulty[name] = form
    return False


def pause(visit: Visit) -> str | None:
    form = PauseForm(visit.request.POST, today=visit.today)
    if not valid(visit, "pause", form):
        return None
    preferences.pause(visit.subscriber, until=form.day)
    return "pause"


def resume(visit: Visit) -> str:
    preferences.resume(visit.subscriber, now=timezone.now())
    return "resume"


def choose_time(visit: Visit) -> str | None:
    form = TimeForm(visit.request.POST)
    if not valid(visit, "time", form):
        return None
    preferences.choose_time(visit.subscriber, now=timezone.now(), **form.cleaned_data)
    return "time"


def correct(visit: Visit) -> str | None:
    form = DataForm(visit.request.POST, **visit.dates)
    if not valid(visit, "data", form):
        return None
    preferences.correct(
        visit.subscriber,
        first_name=form.cleaned_data["first_name"],
        dates=form.dates,
        tags=form.tags_or(visit.subscriber.tags),
        now=timezone.now(),
    )
    return "data"


def count_clicks(visit: Visit) -> str | None:
    """An answer of its own: nothing else changes by it."""
    if not settings.MEASURE_CLICKS and not visit.subscriber.measured:
        return None
    if visit.request.POST.get("clicks"):
        consent.allow_clicks(visit.subscriber, clicks_text(visit), source="preferences")
    else:
        consent.forbid_clicks(visit.subscriber, source="preferences")
    return "data"


def clicks_text(visit: Visit) -> ConsentText:
    return ConsentText.current(visit.subscriber.language, ConsentTopic.CLICKS)


def repeat(visit: Visit) -> str:
    preferences.repeat(visit.enrolment, now=timezone.now())
    return "repeat"


def back(visit: Visit) -> str:
    preferences.step_back(visit.enrolment, now=timezone.now())
    return "back"


def leave(visit: Visit) -> str:
    preferences.leave(visit.enrolment)
    return "leave"


def change(visit: Visit) -> str | None:
    form = ProgrammeForm(visit.request.POST, offered=others(visit))
    row = visit.enrolment
    if not valid(visit, "change", form):
        return None
    refused = admission.unmet(form.sequence, visit.subscriber, now=timezone.now())
    if refused:
        form.add_error("programme", admission.answer(refused))
        visit.faulty["change"] = form
        return None
    text = ConsentText.current(visit.subscriber.language)
    preferences.change_programme(row, form.sequence, text, now=timezone.now())
    return "change"


def export(visit: Visit) -> str:
    preferences.mail_link(MessageKind.EXPORT, visit.subscriber, now=timezone.now())
    return "export"


def renew(visit: Visit) -> str:
    preferences.new_links(visit.subscriber, now=timezone.now())
    return "links"


def leave_all(visit: Visit) -> str:
    consent.withdraw(visit.subscriber.public_id, source="preferences")
    return "leave"


ACTS = cast(
    "Mapping[str, Callable[[Visit], str | None]]",
    {
        "pause": pause,
        "resume": resume,
        "time": choose_time,
        "data": correct,
        "clicks": count_clicks,
        "repeat": repeat,
        "back": back,
        "leave": leave,
        "leave-all": leave_all,
        "change": change,
        "export": export,
        "links": renew,
    },
)
