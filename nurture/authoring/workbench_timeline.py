"""The timeline of one person, to play with: every mail's local date, and the reason for it."""

from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from nurture import plans
from nurture.authoring import picture, planned, playing
from nurture.authoring.playing import End, Player
from nurture.authoring.workbench import draft_for, page, usable_plan
from nurture.blocks.planning import DATES
from nurture.domain.feedback import Action
from nurture.domain.schedule import Person, Why
from nurture.models import Sequence

ENDS = {
    End.FINISHED: _("The programme is finished."),
    End.HELD: _("The programme waits, and the clinic is told."),
    End.STOPPED: _("The programme stops, with the safety text."),
    End.DATE_MISSING: _("The next mail waits for a date that this person has not given."),
    End.NEVER_OPENS: _("There is no day on which the next mail could leave."),
}
REASONS = {
    Why.AFTER_PREVIOUS: _("after the mail before it"),
    Why.AFTER_START: _("after the start"),
    Why.AFTER_DATE: _("by a date that the person gave"),
    Why.KEEPS_DISTANCE: _("keeps its distance to the mail before"),
    Why.NOT_IN_THE_PAST: _("not in the past"),
    Why.STEP_WEEKDAY: _("the weekday of this step"),
    Why.OWN_WEEKDAY: _("the weekday that the person chose"),
    Why.WINDOW_WEEKDAY: _("moved to a day on which mails may arrive"),
    Why.CLOSURE: _("moved past a clinic closure"),
    Why.WINDOW_HOURS: _("moved into the hours in which mails may arrive"),
    Why.OWN_HOUR: _("the hour that the person chose"),
    Why.QUIET_HOURS: _("moved out of the quiet hours"),
    Why.CAP: _("moved past a day that has enough mails"),
    Why.CLOCKS_FORWARD: _("clocks go forward"),
    Why.CLOCKS_BACK: _("clocks go back"),
    Why.DATE_MISSING: _("a date is missing"),
    Why.NEVER_OPENS: _("no day is open"),
}
MOVES = {
    Action.ADVANCE: _("goes on"),
    Action.REPEAT: _("repeats this step"),
    Action.STEP_BACK: _("goes back"),
    Action.HOLD: _("waits, and the clinic is told"),
    Action.STOP: _("stops, with the safety text"),
}


class PlayForm(forms.Form):
    """What an editor plays with."""

    start = forms.DateField(label=_("Start"), widget=forms.DateInput(attrs={"type": "date"}))
    hour_of_start = forms.IntegerField(label=_("Signed up at (hour)"), min_value=0, max_value=23)
    time_zone = forms.ChoiceField(label=_("Time zone"))
    language = forms.CharField(label=_("Language"), max_length=12)
    weekday = forms.TypedChoiceField(
        label=_("Own weekday"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "–"), *WEEKDAYS.items()],
    )
    hour = forms.IntegerField(label=_("Own hour"), required=False, min_value=0, max_value=23)

    def __init__(self, *args: Any, draft: Sequence, plan: list[planned.Planned], **kwargs: Any):
        super().__init__(*args, **kwargs)
        zones = sorted(available_timezones())
        self.fields["time_zone"].choices = [(zone, zone) for zone in zones]  # type: ignore[attr-defined]
        labels = dict(DATES)
        for name in draft.asks:
            widget = forms.DateInput(attrs={"type": "date"})
            self.fields[f"date_{name}"] = forms.DateField(
                label=labels.get(name, name), required=False, widget=widget
            )
        for step in plan:
            if step.rules is not None:
                offered = [(answer.key, answer.label) for answer in step.rules.answers]
                self.fields[f"answer_{step.key}"] = forms.ChoiceField(
                    label=step.name, required=False, choices=[("", _("no answer")), *offered]
                )

    def player(self) -> Player:
        cleaned = self.cleaned_data
        zone = ZoneInfo(cleaned["time_zone"])
        began = datetime.combine(cleaned["start"], time(cleaned["hour_of_start"]), tzinfo=zone)
        hour = None if cleaned["hour"] is None else time(cleaned["hour"])
        return Player(
            start=began.astimezone(UTC),
            person=Person(zone, cleaned["weekday"], hour),
            language=cleaned["language"],
            dates=self._given("date_"),
            answers={UUID(key): said for key, said in self._given("answer_").items()},
        )

    def _given(self, prefix: str) -> dict[str, Any]:
        found = ((name, value) for name, value in self.cleaned_data.items() if value)
        return {
            name.removeprefix(prefix): value for name, value in found if name.startswith(prefix)
        }


@require_GET
def timeline(request: HttpRequest, pk: int) -> HttpResponse:
    draft = draft_for(request, pk)
    plan, faults = usable_plan(draft)
    first = {
        "start": timezone.localdate().isoformat(),
        "hour_of_start": "10",
        "time_zone": settings.TIME_ZONE,
        "language": draft.locale.language_code,
        **{f"answer_{step.key}": best_answer(step) for step in plan},
    }
    form = PlayForm(request.GET if "start" in request.GET else first, draft=draft, plan=plan)
    values: dict[str, Any] = {"form": form, "faults": faults}
    if plan and form.is_valid():
        player = form.player()
        practice = plans.practice()
        priority = plans.priority_of(draft.frequency_class)
        calendar = practice.calendar(draft.window)
        entries, end = playing.play(plan, player, calendar, priority=priority)
        zone = player.person.zone
        values |= {
            "svg": picture.svg(entries, zone, practice.closures),
            "entries": [told(entry, zone) for entry in entries],
            "end": ENDS[end],
        }
    return page(request, draft, "timeline", values)


def best_answer(step: planned.Planned) -> str:
    """The answer that leads on, for the first look."""
    answers = step.rules.answers if step.rules else ()
    leading = [answer.key for answer in answers if answer.does == "advance"]
    return "about_right" if "about_right" in leading else next(iter(leading), "")


def told(entry: playing.Entry, zone: ZoneInfo) -> dict[str, Any]:
    """An entry in an editor's words."""
    return {
        "name": entry.step.name,
        # Without its zone, or the template would turn it into the practice's own.
        "when": entry.due.moment.astimezone(zone).replace(tzinfo=None),
        "time": entry.time,
        "reasons": [REASONS[why] for why in entry.due.reasons],
        "move": MOVES[entry.move.does] if entry.move else "",
    }
