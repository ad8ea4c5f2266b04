"""Reports > Due for review: every live health page and what its review is worth today."""

from typing import Any

import django_filters
from django import forms
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.auth import user_has_any_page_permission
from wagtail.admin.filters import ContentTypeFilter, WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.reports import ReportView
from wagtail.models import Page
from wagtail.permissions import policy_registry

from cms.models.clinicians import clinician_of
from cms.models.reviewed import (
    add_reviewers,
    counts,
    health_page_types,
    reviewed_pages,
    with_status,
)
from cms.review import Status

LABELS = {
    Status.OVERDUE: _("Overdue"),
    Status.CHANGED: _("Changed since its review"),
    Status.DUE_SOON: _("Due within 60 days"),
    Status.NEVER: _("Never reviewed"),
    Status.CURRENT: _("Current"),
}
RIGHTS = ["add", "change", "publish"]


def visible_to(user: Any) -> Any:
    """The live health pages that concern the user: a clinician answers for all of them."""
    pages = with_status(reviewed_pages().live(), today=timezone.localdate())
    if clinician_of(user):
        return pages
    policy = policy_registry.get_by_type(Page)
    mine = policy.instances_user_has_any_permission_for(user, RIGHTS)
    return pages.filter(pk__in=mine.order_by().values("pk"))


def may_see(user: Any) -> bool:
    policy = policy_registry.get_by_type(Page)
    return policy.user_has_any_permission(user, RIGHTS) or clinician_of(user) is not None


def tiles(user: Any) -> list[dict[str, Any]]:
    """For each status its label, count and the address of the report for it."""
    numbers = counts(visible_to(user))
    url = reverse("review_report")
    return [
        {
            "status": status,
            "label": label,
            "count": numbers[status],
            "url": f"{url}?review_status={status}",
        }
        for status, label in LABELS.items()
    ]


class ReviewFilterSet(WagtailFilterSet):
    review_status = django_filters.MultipleChoiceFilter(
        label=_("Review"), choices=list(LABELS.items()), widget=forms.CheckboxSelectMultiple
    )
    content_type = ContentTypeFilter(
        label=_("Type"),
        queryset=lambda _request: ContentType.objects.filter(
            pk__in=[
                kind.pk
                for kind in ContentType.objects.get_for_models(*health_page_types()).values()
            ]
        ),
    )

    class Meta:
        model = Page
        fields: list[str] = []


class StatusColumn(Column):
    cell_template_name = "cms/admin/review_status_cell.html"


class DayColumn(Column):
    cell_template_name = "cms/admin/review_day_cell.html"


class ReviewReportView(ReportView):
    page_title = _("Due for review")
    header_icon = "calendar-check"
    template_name = "cms/admin/review_report.html"
    filterset_class = ReviewFilterSet
    index_url_name = "review_report"
    index_results_url_name = "review_report_results"
    verbose_name = _("health page")
    verbose_name_plural = _("health pages")
    default_ordering = "due"
    columns = [
        TitleColumn("title", label=_("Page"), sort_key="title", get_url=lambda page: page.link),
        Column("type_name", label=_("Type")),
        StatusColumn("status_label", label=_("Review")),
        DayColumn("reviewed", label=_("Last reviewed"), sort_key="reviewed", width="12%"),
        DayColumn("due", label=_("Next due"), sort_key="due", width="12%"),
        Column("reviewer_names", label=_("Reviewed by")),
    ]
    list_export = ["title", "type_name", "status_label", "reviewed", "due", "reviewer_names"]
    export_headings = {
        "title": _("Page"),
        "type_name": _("Type"),
        "status_label": _("Review"),
        "reviewed": _("Last reviewed"),
        "due": _("Next due"),
        "reviewer_names": _("Reviewed by"),
    }
    export_filename = "due-for-review"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if not may_see(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def type_names(self) -> dict[int, str]:
        kinds = ContentType.objects.get_for_models(*health_page_types())
        return {kinds[model].pk: str(model.get_verbose_name()) for model in health_page_types()}

    def get_base_queryset(self) -> Any:
        return visible_to(self.request.user)

    def order_queryset(self, queryset: Any) -> Any:
        """Those without a date come first: nobody has ever looked at them."""
        name = self.ordering.removeprefix("-")
        key = F(name)
        down = self.ordering.startswith("-")
        order = key.desc(nulls_last=True) if down else key.asc(nulls_first=True)
        return queryset.order_by(order, "title", "pk")

    def get_filtered_queryset(self) -> Any:
        return self.get_queryset()  # which has filtered it already

    def decorated(self, pages: Any) -> list[Any]:
        """The pages with what the columns show, in one further query for all."""
        rows: list[Any] = list(pages)
        add_reviewers(rows)
        for page in rows:
            page.type_name = self.type_names.get(page.content_type_id, "")
            page.status_label = LABELS[Status(page.review_status)]
            page.link = self.link(page)
        return rows

    def link(self, page: Any) -> str:
        """A clinician without further rights meets the editor only while a page is in review."""
        if user_has_any_page_permission(self.request.user):
            return reverse("wagtailadmin_pages:edit", args=[page.pk])
        return page.get_url(self.request) or ""

    def get_table(self, object_list: Any) -> Any:
        return super().get_table(self.decorated(object_list))

    def as_spreadsheet(self, queryset: Any, spreadsheet_format: str) -> Any:
        return super().as_spreadsheet(self.decorated(queryset), spreadsheet_format)

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(*args, **kwargs)
        if self.is_export:
            return context
        rows = context["table"].data
        return {**context, "object_list": rows, "tiles": tiles(self.request.user)}
