"""Reports > Translations behind their source."""

from typing import Any

import django_filters
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn
from wagtail.admin.views.reports import ReportView
from wagtail.models import Locale, Page
from wagtail.permissions import policy_registry

from cms.admin import translations_behind
from cms.admin.review_report import RIGHTS


def may_see(user: Any) -> bool:
    return bool(policy_registry.get_by_type(Page).user_has_any_permission(user, RIGHTS))


def visible_to(user: Any) -> Any:
    mine = policy_registry.get_by_type(Page).instances_user_has_any_permission_for(user, RIGHTS)
    return Page.objects.filter(pk__in=mine.order_by().values("pk"))


class TranslationFilterSet(WagtailFilterSet):
    locale = django_filters.ModelChoiceFilter(
        label=_("Language"), queryset=lambda _request: Locale.objects.all()
    )

    class Meta:
        model = Page
        fields: list[str] = []


class TranslationReportView(ReportView):
    page_title = _("Translations behind their source")
    header_icon = "globe"
    filterset_class = TranslationFilterSet
    index_url_name = "translation_report"
    index_results_url_name = "translation_report_results"
    verbose_name = _("translation")
    verbose_name_plural = _("translations")
    default_ordering = "last_published_at"
    columns = [
        TitleColumn("title", label=_("Page"), sort_key="title", get_url=lambda page: page.link),
        Column("language", label=_("Language"), accessor=lambda page: page.locale),
        TitleColumn("changes", label=_("Changed since"), get_url=lambda page: page.compare),
        DateColumn("source_changed", label=_("Source published"), width="14%"),
        DateColumn(
            "last_published_at",
            label=_("Translation published"),
            sort_key="last_published_at",
            width="14%",
        ),
    ]
    list_export = ["title", "locale", "changes", "source_changed", "last_published_at"]
    export_headings = {
        "title": _("Page"),
        "locale": _("Language"),
        "changes": _("Changed since"),
        "source_changed": _("Source published"),
        "last_published_at": _("Translation published"),
    }
    export_filename = "translations-behind"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if not may_see(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def behind(self) -> dict[int, translations_behind.Behind]:
        return translations_behind.find(visible_to(self.request.user))

    def get_base_queryset(self) -> Any:
        return Page.objects.filter(pk__in=self.behind).select_related("locale")

    def get_filtered_queryset(self) -> Any:
        return self.get_queryset()  # which has filtered it already

    def decorated(self, pages: Any) -> list[Any]:
        rows: list[Any] = list(pages)
        for page in rows:
            behind = self.behind[page.pk]
            page.link = reverse("wagtailadmin_pages:edit", args=[page.pk])
            page.source_changed = behind.source.last_published_at
            page.changes = words(behind)
            page.compare = compare_url(behind)
        return rows

    def get_table(self, object_list: Any) -> Any:
        return super().get_table(self.decorated(object_list))

    def as_spreadsheet(self, queryset: Any, spreadsheet_format: str) -> Any:
        return super().as_spreadsheet(self.decorated(queryset), spreadsheet_format)

    def get_context_data(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(*args, **kwargs)
        return context if self.is_export else {**context, "object_list": context["table"].data}


def words(behind: translations_behind.Behind) -> str:
    changed = behind.source.labels(behind.changed)
    return ", ".join(changed) or _now("Older than the history of its source")


def compare_url(behind: translations_behind.Behind) -> str:
    """Both versions of the source side by side, or its history."""
    source = behind.source
    if behind.before is None:
        return reverse("wagtailadmin_pages:history", args=[source.pk])
    versions = [source.pk, behind.before, source.live_revision_id]
    return reverse("wagtailadmin_pages:revisions_compare", args=versions)
