"""The editor's form of a health page: drafts may be unfinished, what is published may not."""

from typing import Any

from django.db import transaction
from django.db.models import UniqueConstraint
from wagtail.admin.forms import WagtailAdminPageForm
from wagtail.models import Page

from cms import substance


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

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002  # Django's signature
        """One after the other: an autosave may be under way when somebody presses a button, and the
        browser does not know yet what rows it makes."""
        self._forget_unknown_rows()
        if not commit or self.instance.pk is None:
            return super().save(commit=commit)
        with transaction.atomic():
            list(Page.objects.select_for_update(no_key=True).filter(pk=self.instance.pk))
            return super().save(commit=commit)

    def _forget_unknown_rows(self) -> None:
        """What was posted are all rows of the page. Whatever else there is was saved meanwhile by
        the same editor, and kept beside it would stand there twice. A posted row that is the same
        takes over its key, since the browser may have learnt that by now."""
        page: Any = self.instance
        for relation in substance.own_rows(type(page)):
            name = relation.get_accessor_name()
            if name in self.formsets:
                known = {row.instance.pk for row in self.formsets[name].initial_forms}
                rows = getattr(page, name)
                unknown = [row for row in rows.all() if row.pk not in known]
                rows.remove(*unknown)
                keys = {identity(row): row.pk for row in unknown}
                for form in self.formsets[name].extra_forms:
                    form.instance.pk = keys.pop(identity(form.instance), form.instance.pk)


def identity(row: Any) -> tuple[Any, ...]:
    """What a page may have only one row of: by its constraint, beside the page itself."""
    unique = [c for c in row._meta.constraints if isinstance(c, UniqueConstraint)]
    if not unique:
        return (object(),)  # it is like no other
    names = [name for name in unique[0].fields if name != "page"]
    return tuple(getattr(row, row._meta.get_field(name).attname) for name in names)


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
