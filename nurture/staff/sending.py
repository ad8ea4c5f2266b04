"""Reports > Sending: what waits and since when, what was put right, what is stopped. No names."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages as notes
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Min
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.components import Component

from nurture import brake, counting, due, reputation
from nurture.authoring import workbench_people
from nurture.domain.counted import Counted
from nurture.domain.provider import Provider
from nurture.domain.retry import Answer
from nurture.domain.states import Braked, EnrolmentState, Halted, MessageState, Reason
from nurture.models import Brake, Enrolment, Halt, Message, Outage
from nurture.models.choices import values
from nurture.models.halt import ALL
from nurture.staff import telling

DAYS = 30
WAITS = frozenset(
    {
        MessageState.QUEUED,
        MessageState.DEFERRED,
        MessageState.CLAIMED,
        MessageState.SUBMITTING,
        MessageState.HELD,
        MessageState.UNKNOWN,
    }
)
LABELS = {
    Counted.RETURNED: _("mails taken back from a process that had died"),
    Counted.IN_DOUBT: _("mails that may have gone out when a process died"),
    Counted.RESOLVED: _("doubts resolved, by a delivery or an answer"),
    Counted.EXPIRED: _("mails that came too late to be sent"),
    Counted.REVIEWED: _("mails held or let out by clinical review"),
    Counted.RESENT: _("confirmations sent once more"),
    Counted.RUNG_AGAIN: _("times that mail waited and had to be rung for again"),
    Counted.IMPOSSIBLE: _("programmes held because their rows make no sense"),
    Counted.REPEATED: _("mails in doubt sent again where a second one is dropped"),
    Counted.AWAY: _("times that a provider was away"),
    Counted.HALTED: _("stops because of complaints or bounces"),
    Counted.BRAKED: _("stops because the database was a restored one"),
    Counted.FORGOTTEN_MESSAGES: _("old mails forgotten"),
    Counted.FORGOTTEN_EVENTS: _("old reports of providers forgotten"),
    Counted.FORGOTTEN_TEXTS: _("providers' own words forgotten"),
    Counted.FORGOTTEN_SIGNUPS: _("signups forgotten that nobody confirmed"),
}
WHY_HALTED = {
    Halted.COMPLAINTS: _("complaints"),
    Halted.BOUNCES: _("addresses that do not exist"),
    Halted.BY_HAND: _("stopped by hand"),
}
WHY_FAILED = {
    Reason.RECIPIENT_REFUSED: _("the relay refused the address"),
    Reason.MESSAGE_REFUSED: _("the relay refused the mail"),
    Reason.ADDRESS_BEYOND_RELAY: _("the relay cannot write the address (no SMTPUTF8)"),
    Reason.TOO_LARGE: _("the mail is larger than the relay carries"),
    Reason.ATTEMPTS_USED_UP: _("the relay put the mail off too often"),
    Reason.CANNOT_COMPOSE: _("the mail could not be made"),
    Reason.EXPIRED: _("the mail came too late"),
}
WHY_AWAY = {
    Answer.AWAY: _("it cannot be reached"),
    Answer.NOT_US: _("it refuses us: look at its key, its password, our sender"),
    Answer.LOST: _("it gives no answer"),
}
WHY_BRAKED = {
    Braked.RESTORED: _("This database is a restored one."),
    Braked.BY_HAND: _("Somebody has stopped it."),
}


class SendingItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return may_steer(request.user)


class SendingPanel(Component):
    """The dashboard says when mail is stopped, and nothing otherwise."""

    name = "sending"
    template_name = "nurture/admin/sending_panel.html"
    order = 140

    def render_html(self, parent_context: Mapping[str, Any] | None = None) -> str:
        user = (parent_context or {})["request"].user
        stopped = may_steer(user) and (braked() or halts() or away())
        return str(super().render_html(parent_context)) if stopped else ""

    def get_context_data(self, _parent_context: Mapping[str, Any]) -> dict[str, Any]:
        return {"braked": braked(), "halts": halts(), "away": away()}


def may_steer(user: Any) -> bool:
    return bool(user.has_perm("nurture.steer"))


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    if not may_steer(request.user):
        raise PermissionDenied
    if request.method == "POST":
        if reputation.release(request.POST.get("domain", "")):
            notes.success(request, gettext("Mail goes on."))
        return redirect("sending")
    now = due.now()
    counted = counting.of_days(DAYS)
    context = {
        "braked": braked(),
        "halts": halts(),
        "ways": ways(),
        "waiting": waiting(),
        "due": overdue(now),
        "held": held(),
        "counted": [(label, counted.get(what, 0)) for what, label in LABELS.items()],
        "days": DAYS,
    }
    return render(request, "nurture/admin/sending.html", context)


def braked() -> str:
    pulled = Brake.objects.values_list("pulled", flat=True).first() if brake.is_on() else ""
    return str(WHY_BRAKED[Braked(pulled)]) if pulled else ""


def halts() -> list[dict[str, Any]]:
    return [
        {
            "domain": row.domain,
            "name": name_of(row),
            "why": WHY_HALTED[Halted(row.reason)],
            "row": row,
        }
        for row in Halt.objects.in_force().order_by("domain")
    ]


def name_of(row: Halt) -> str:
    if row.domain == ALL:
        return gettext("all programme mail")
    if "." not in row.domain:
        return gettext("programme mail by %(provider)s") % {"provider": row.domain}
    return row.domain


def ways() -> list[dict[str, Any]]:
    """The providers in the order of the settings, each with its outage if there is one."""
    outages = {row.provider: row for row in Outage.objects.all()}
    return [way_to(provider, outages.get(provider.name)) for provider in settings.MAIL_PROVIDERS]


def way_to(provider: Provider, outage: Outage | None) -> dict[str, Any]:
    return {
        "name": provider.name,
        "to": provider.service or provider.host,
        "outage": outage,
        "why": WHY_AWAY[Answer(outage.answer)] if outage else "",
        "again": outage.retry_at if outage and outage.retry_at > timezone.now() else None,
    }


def away() -> list[str]:
    """Who takes no mail, and has not for so long that somebody should look."""
    names = set(Outage.objects.lasting(telling.LONG).values_list("provider", flat=True))
    return [provider.name for provider in settings.MAIL_PROVIDERS if provider.name in names]


def waiting() -> list[Any]:
    """By kind, state and reason: how many, and since when the oldest. Partial indexes hold these
    rows but for those in doubt."""
    rows = Message.objects.filter(state__in=values(WAITS)).values("kind", "state", "reason")
    found = rows.annotate(number=Count("pk"), oldest=Min("created_at"))
    return list(found.order_by("kind", "state", "reason"))


def overdue(now: datetime) -> dict[str, Any]:
    """Enrolments whose time has come and that nobody has planned."""
    return Enrolment.objects.due(now).aggregate(number=Count("pk"), oldest=Min("due_at"))


def held() -> list[tuple[str, int]]:
    """Programmes that wait for a person: why, in words, and how many."""
    rows = Enrolment.objects.filter(state=EnrolmentState.HELD)
    others = rows.exclude(reason=Reason.MAIL_NOT_SENT).values("reason")
    failed = Message.objects.filter(
        state=MessageState.FAILED,
        turn=F("enrolment__turn"),
        enrolment__in=rows.filter(reason=Reason.MAIL_NOT_SENT),
    ).values("reason")
    found = [
        (str(words(row["reason"])), row["number"]) for row in (*numbered(others), *numbered(failed))
    ]
    return sorted(found, key=lambda one: -one[1])


def numbered(rows: Any) -> Any:
    return rows.annotate(number=Count("pk"))


def words(reason: str) -> object:
    return WHY_FAILED.get(Reason(reason)) or workbench_people.why(reason)
