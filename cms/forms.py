"""The editor's form of a health page: drafts may be unfinished, what is published may not."""

from typing import Any

from wagtail.admin.forms import WagtailAdminPageForm


class HealthPageForm(WagtailAdminPageForm):
    """Tells the page whether it is checked as a draft, so that its `clean` can be lenient.

    Autosave must keep a range that is upside down for the moment: somebody is typing it.
    """

    def _post_clean(self) -> None:
        page: Any = self.instance
        page.checked_as_draft = self.is_deferred_validation
        try:
            super()._post_clean()
        finally:
            page.checked_as_draft = False


class ExercisePageForm(HealthPageForm):
    """Refuses a link that would lead back to where the ladder began, at that link."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        page: Any = self.instance
        rows = [row for row in self._rows() if row.cleaned_data.get("to")]
        links = [(row.cleaned_data["to"].pk, row.cleaned_data.get("kind", "")) for row in rows]
        for position, message in page.link_faults(links).items():
            rows[position].add_error("to", message)
        return cleaned

    def _rows(self) -> list[Any]:
        formset = self.formsets.get("links")
        forms = formset.forms if formset else []
        return [row for row in forms if row.is_valid() and not row.cleaned_data.get("DELETE")]
