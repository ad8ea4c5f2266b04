"""The editor's form of a sequence: what could not be published is told before it is tried."""

from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.blocks.stream_block import StreamBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError

from nurture.authoring.compile import compile_sequence
from nurture.authoring.faults import CannotCompile, at_their_fields
from nurture.domain.schedule import Calendar, NeverOpens, Person, Window, next_opening
from nurture.models import MailTimes


class SequenceForm(WagtailAdminModelForm):
    """Drafts may be unfinished. Publishing compiles every mail, and so does this check."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        if {"weekdays", "opens", "closes"} <= cleaned.keys() and not self.is_deferred_validation:
            self.check_window(cleaned)
        if "entry" in cleaned and not self.is_deferred_validation:
            self.check_entry(cleaned)
        ready = {"steps", "diagnosis", "asks"} <= cleaned.keys() and not self.errors
        if ready and not self.is_deferred_validation:
            self.check_mails(cleaned)
        return cleaned

    def check_window(self, cleaned: dict[str, Any]) -> None:
        """Hours that the practice keeps quiet are no window."""
        window = Window(frozenset(cleaned["weekdays"]), cleaned["opens"], cleaned["closes"])
        calendar = Calendar(window, quiet=MailTimes.now().quiet)
        try:
            next_opening(calendar, Person(ZoneInfo("UTC")), now=timezone.now())
        except NeverOpens:
            text = _("All these hours are quiet hours of the practice: no mail would ever leave.")
            self.add_error("opens", text)

    def check_entry(self, cleaned: dict[str, Any]) -> None:
        """A rule about a date that nobody is asked for would keep everybody out."""
        text = _("Nobody is asked for this date; add it to what the signup asks.")
        wrong = {
            number: StructBlockValidationError(block_errors={"date_name": ValidationError(text)})
            for number, rule in enumerate(cleaned["entry"])
            if rule.block_type == "weeks_since"
            and rule.value["date_name"] not in cleaned.get("asks", ())
        }
        if wrong:
            self.add_error("entry", StreamBlockValidationError(block_errors=wrong))

    def check_mails(self, cleaned: dict[str, Any]) -> None:
        sequence = self.instance
        for name in ("steps", "diagnosis", "asks"):
            setattr(sequence, name, cleaned[name])
        for child in sequence.steps:  # a step that was just added has no key before it is saved
            child.id = child.id or str(uuid4())
        try:
            compile_sequence(sequence)
        except CannotCompile as error:
            steps = cleaned["steps"]
            told = {fault.place: fault.text for fault in reversed(error.faults)}
            self.add_error("steps", at_their_fields(steps.stream_block, steps, told))
