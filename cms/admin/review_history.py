"""How a page's history tells what became of its approval and of its plans."""

from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import LogFormatter

from cms.models.review import LOST, MINOR_EDIT
from cms.scheduling import FAILED


def listed(names: list[str]) -> str:
    return ", ".join(names)


class MinorEditFormatter(LogFormatter):
    label = _("Typo fix, approval kept")

    def format_message(self, log_entry: Any) -> str:
        return _now("Only typos were fixed (%(fields)s); the clinical approval stays") % {
            "fields": listed(log_entry.data["fields"])
        }


class LostFormatter(LogFormatter):
    label = _("Approval lost")

    def format_message(self, log_entry: Any) -> str:
        lost = _now("Published without a review: the clinical approval is lost (%(fields)s)") % {
            "fields": listed(log_entry.data["fields"])
        }
        beyond = log_entry.data.get("beyond")
        if not beyond:
            return lost
        return _now(
            "%(lost)s. It was marked as a typo fix, but more than words changed: %(fields)s"
        ) % {
            "lost": lost,
            "fields": listed(beyond),
        }


class ScheduleFormatter(LogFormatter):
    label = _("Not published or unpublished at its hour")

    def format_message(self, log_entry: Any) -> str:
        why = log_entry.data.get("why")
        if not why:
            return _now("What was planned for this hour failed. Ask whoever looks after the site.")
        return _now("What was planned for this hour could not be done: %(why)s") % {"why": why}


def register(actions: Any) -> None:
    actions.register_action(MINOR_EDIT)(MinorEditFormatter)
    actions.register_action(LOST)(LostFormatter)
    actions.register_action(FAILED)(ScheduleFormatter)
