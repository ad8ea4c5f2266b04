"""How a sequence does: who is underway, ended, reached the goal, or was kept out, and why."""

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from nurture.authoring.workbench import draft_for, page
from nurture.domain.entry import Kind
from nurture.domain.states import RUNNING, EnrolmentState, Reason
from nurture.models import Enrolment, Refusal, Sequence
from nurture.models.choices import values

MOST_REFUSED = 100
STATES = {
    EnrolmentState.ACTIVE: _("underway"),
    EnrolmentState.PAUSED: _("paused"),
    EnrolmentState.HELD: _("waiting for somebody to look"),
    EnrolmentState.FINISHED: _("finished"),
    EnrolmentState.STOPPED: _("ended early"),
}
REASONS = {
    Reason.GOAL_REACHED: _("reached the goal"),
    Reason.OUTSIDE_EVENT: _("an event ended it"),
    Reason.CHANGED_DIAGNOSIS: _("changed the diagnosis"),
    Reason.FINISHED_ANOTHER: _("finished another programme"),
    Reason.UNSUBSCRIBED: _("unsubscribed"),
    Reason.ASKED_TO: _("left it by the preferences"),
    Reason.WARNING_SIGN: _("reported a warning sign"),
    Reason.ANSWERED: _("an answer asks for a person"),
    Reason.SILENT: _("did not answer"),
    Reason.CONTRAINDICATED: _("no exercise fits"),
    Reason.DATE_MISSING: _("a date is missing"),
    Reason.NEVER_OPENS: _("no day is open"),
    Reason.MAIL_NOT_SENT: _("a mail could not be sent"),
    Reason.CANNOT_COMPOSE: _("a mail could not be made"),
}
RULES = {
    Kind.LANGUAGE: _("language"),
    Kind.WEEKS_SINCE: _("weeks since a date"),
    Kind.NOT_DECLARED: _("something that applies to the person"),
    Kind.LAST_ANSWER: _("the last answer"),
}


@dataclass(frozen=True, slots=True)
class Doing:
    """Counts of one sequence. `kept_out` counts each rule, visitors of the form included."""

    started: int
    running: int
    reached: int
    states: list[tuple[object, object, int]]
    kept_out: list[tuple[object, int]]

    @property
    def share(self) -> int:
        """Of a hundred who started, so many reached the goal."""
        return round(100 * self.reached / self.started) if self.started else 0


def doing(sequence: Sequence) -> Doing:
    rows = Enrolment.objects.filter(sequence=sequence)
    counted = rows.values("state", "reason").annotate(people=Count("pk")).order_by("state")
    rules = Counter(rule for one in sequence.refusals.all() for rule in one.rules)
    return Doing(
        started=rows.count(),
        running=rows.filter(state__in=values(RUNNING)).count(),
        reached=rows.reached_goal().count(),
        states=[
            (STATES[EnrolmentState(one["state"])], why(one["reason"]), one["people"])
            for one in counted
        ],
        kept_out=[(RULES[Kind(rule)], number) for rule, number in rules.most_common()],
    )


def why(reason: str) -> object:
    """In words, or the code of a reason that needs none."""
    return REASONS.get(Reason(reason), reason)


@require_GET
def people(request: HttpRequest, pk: int) -> HttpResponse:
    draft = draft_for(request, pk)
    row = Sequence.objects.get(pk=pk)
    known = Refusal.objects.filter(sequence=row, subscriber__isnull=False)
    values_shown = {
        "doing": doing(row),
        "goal": row.get_goal_event_display(),
        "refused": [
            (one.subscriber.public_id, one.at, [RULES[Kind(rule)] for rule in one.rules])
            for one in known.select_related("subscriber").order_by("-at")[:MOST_REFUSED]
            if one.subscriber
        ],
    }
    return page(request, draft, "people", values_shown)
