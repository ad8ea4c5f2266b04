"""How a sequence's history tells what was sent about it."""

from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import LogFormatter

from nurture.authoring.correcting import LOGGED


class CorrectionFormatter(LogFormatter):
    label = _("Correction sent")

    def format_message(self, log_entry: Any) -> str:
        text = _now("A correction of version %(version)s of %(step)s went to %(people)s people")
        return text % dict(log_entry.data)


def register(actions: Any) -> None:
    actions.register_action(LOGGED)(CorrectionFormatter)
