"""The editor's form of a sequence: what could not be published is told before it is tried."""

from typing import Any

from wagtail.admin.forms import WagtailAdminModelForm

from nurture.authoring.compile import CannotCompile, compile_sequence


class SequenceForm(WagtailAdminModelForm):
    """Drafts may be unfinished. Publishing compiles every mail, and so does this check."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        ready = {"steps", "diagnosis"} <= cleaned.keys() and not self.errors
        if ready and not self.is_deferred_validation:
            self.check_mails(cleaned)
        return cleaned

    def check_mails(self, cleaned: dict[str, Any]) -> None:
        sequence = self.instance
        sequence.steps, sequence.diagnosis = cleaned["steps"], cleaned["diagnosis"]
        try:
            compile_sequence(sequence)
        except CannotCompile as error:
            self.add_error("steps", error)
