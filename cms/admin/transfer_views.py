"""The pages on which an editor takes exercises out and brings them in."""

from base64 import b64decode, b64encode
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from cms.admin import transfer_files, transfer_plan
from cms.admin.transfer_plan import CHANGED, NEW, UNCHANGED, WRONG, Plan
from cms.admin.transfer_rows import COLUMNS, REQUIRED
from cms.models import ExerciseIndexPage, ExercisePage

SALT = "cms.admin.transfer"
AN_HOUR = 3_600
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def download(pages: Iterable[int], *, form: str) -> HttpResponse:
    """The exercises with these keys, by title, as a file."""
    exercises = ExercisePage.objects.filter(pk__in=list(pages)).select_related("latest_revision")
    content = transfer_files.write(transfer_plan.rows(exercises.order_by("title")), form)
    name = f"exercises-{timezone.localdate():%Y-%m-%d}.{form}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(content, content_type=TYPES[form], headers=headers)


def places(user: Any) -> list[ExerciseIndexPage]:
    """The lists of exercises below which this person may add or edit."""
    found = []
    for index in ExerciseIndexPage.objects.select_related("locale"):
        may = index.permissions_for_user(user)
        if may.can_add_subpage() or may.can_edit():
            found.append(index)
    return found


def may_import(user: Any) -> bool:
    return bool(places(user))


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"), help_text=gettext_lazy("CSV or JSON, up to 1 MB and 100 rows.")
    )
    index = forms.ModelChoiceField(
        label=gettext_lazy("Into"), queryset=ExerciseIndexPage.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = places(user)
        self.fields["file"].widget.attrs["accept"] = ".csv,.json,text/csv,application/json"
        index: Any = self.fields["index"]
        index.queryset = ExerciseIndexPage.objects.filter(pk__in=[place.pk for place in mine])
        index.initial = mine[0]
        if len(mine) == 1:
            index.widget = forms.HiddenInput()

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        form = PurePath(file.name).suffix.removeprefix(".").lower()
        if form not in transfer_files.FORMS:
            raise forms.ValidationError(_("Choose a file that ends in .csv or .json."))
        if file.size > transfer_files.MAX_BYTES:
            raise forms.ValidationError(
                _("The file is larger than 1 MB. Split it into several files.")
            )
        try:
            content = file.read()
            self.cleaned_data["lines"] = transfer_files.read(content, form)
        except transfer_files.FileFault as fault:
            raise forms.ValidationError(str(fault)) from None
        self.cleaned_data["upload"] = {"content": b64encode(content).decode(), "form": form}
        return file


class ImportView(WagtailAdminTemplateMixin, FormView):  # type: ignore[type-arg]  # no generic at run time
    """Upload, look at what would happen, confirm. What is confirmed is what was shown: the file
    travels signed through the form, and a digest tells if a page was edited in between."""

    template_name = "cms/admin/transfer.html"
    form_class = UploadForm
    page_title = gettext_lazy("Import exercises")
    header_icon = "upload"
    _show_breadcrumbs = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not may_import(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            {"url": reverse("wagtailadmin_home"), "label": _("Home")},
            {"url": reverse("exercises:index"), "label": _("Exercises")},
            {"url": "", "label": self.page_title},
        ]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(columns=COLUMNS, required=REQUIRED, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        token = request.POST.get("token")
        return self.confirm(token) if token else super().post(request, *args, **kwargs)

    def form_valid(self, form: UploadForm) -> Any:
        index, lines = form.cleaned_data["index"], form.cleaned_data["lines"]
        plan = transfer_plan.run(lines, index, user=self.request.user, commit=False)
        return self.show(plan, form.cleaned_data["upload"], index)

    def show(self, plan: Plan, upload: dict[str, str], index: ExerciseIndexPage) -> Any:
        secret = {
            **upload,
            "index": index.pk,
            "user": self.request.user.pk,
            "digest": plan.digest,
        }
        counts = plan.counts
        context = self.get_context_data(
            form=self.form_class(user=self.request.user),
            plan=plan,
            tiles=[
                (counts[NEW], _("new")),
                (counts[CHANGED], _("changed")),
                (counts[UNCHANGED], _("unchanged")),
                (counts[WRONG], _("to correct")),
            ],
            token=signing.dumps(secret, salt=SALT, compress=True) if self.useful(plan) else "",
        )
        return self.render_to_response(context, status=200 if plan.faultless else 422)

    def useful(self, plan: Plan) -> bool:
        return plan.faultless and bool(plan.counts[NEW] + plan.counts[CHANGED])

    def confirm(self, token: str) -> Any:
        try:
            upload = signing.loads(token, salt=SALT, max_age=AN_HOUR)
        except signing.BadSignature:
            messages.error(
                self.request, _("An hour has passed since the dry run. Upload it again.")
            )
            return redirect("exercises:import")
        index = next((i for i in places(self.request.user) if i.pk == upload["index"]), None)
        if index is None or upload["user"] != self.request.user.pk:
            raise PermissionDenied
        lines = transfer_files.read(b64decode(upload["content"]), upload["form"])
        plan = transfer_plan.run(
            lines, index, user=self.request.user, commit=True, as_shown=upload["digest"]
        )
        if not plan.done:
            messages.warning(
                self.request, _("Somebody edited an exercise meanwhile. Look at the list again.")
            )
            again = {name: upload[name] for name in ("content", "form")}
            return self.show(plan, again, index)
        messages.success(self.request, said(plan))
        return redirect("exercises:index")


def said(plan: Plan) -> str:
    counts = plan.counts
    new = ngettext("%(n)s new draft", "%(n)s new drafts", counts[NEW]) % {"n": counts[NEW]}
    changed = ngettext("%(n)s changed", "%(n)s changed", counts[CHANGED]) % {"n": counts[CHANGED]}
    return _("Imported: %(new)s, %(changed)s. Nothing is published yet.") % {
        "new": new,
        "changed": changed,
    }
