"""All exercises in one listing, with picture, filters, search and how often each is used."""

from typing import Any

from django.contrib.admin.utils import quote
from django.forms import CheckboxSelectMultiple
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, ModelChoiceFilter, MultipleChoiceFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn, UsageCountColumn
from wagtail.admin.ui.tables.pages import BulkActionsColumn, PageStatusColumn, PageTitleColumn
from wagtail.admin.views.pages.listing import IndexView
from wagtail.admin.viewsets.pages import PageListingViewSet
from wagtail.admin.widgets.button import Button

from cms.admin import catalogue_search, transfer_views
from cms.admin.catalogue_chooser import DrawingColumn
from cms.models import ExercisePage, RegionPage
from cms.models.exercises import Kind, Level, Position
from cms.models.pictures import renditions_of


class EquipmentFilter(ChoiceFilter):
    def filter(self, qs: Any, value: Any) -> Any:
        return catalogue_search.with_equipment(qs, value) if value else qs


class RegionFilter(ModelChoiceFilter):
    def filter(self, qs: Any, value: Any) -> Any:
        return catalogue_search.for_region(qs, value) if value else qs


def equipment_choices() -> list[tuple[str, str]]:
    return [(name, name) for name in catalogue_search.equipment()]


class ExerciseFilterSet(WagtailFilterSet):
    region = RegionFilter(label=_("Region"), queryset=lambda _request: RegionPage.objects.all())
    level = MultipleChoiceFilter(
        label=_("Level"), choices=Level.choices, widget=CheckboxSelectMultiple
    )
    kind = MultipleChoiceFilter(
        label=_("Kind"), choices=Kind.choices, widget=CheckboxSelectMultiple
    )
    position = MultipleChoiceFilter(
        label=_("Position"), choices=Position.choices, widget=CheckboxSelectMultiple
    )
    equipment = EquipmentFilter(label=_("Equipment"), choices=equipment_choices)
    live = ChoiceFilter(
        label=_("Status"), choices=[("True", _("Published")), ("False", _("Never or no more"))]
    )

    class Meta:
        model = ExercisePage
        fields: list[str] = []


def joined(exercise: Any) -> str:
    return ", ".join(exercise.equipment_names or [])


class UsageColumn(UsageCountColumn):
    def get_cell_context_data(self, instance: Any, parent_context: Any) -> Any:
        instance.usage_url = reverse("wagtailadmin_pages:usage", args=[quote(instance.pk)])
        return super().get_cell_context_data(instance, parent_context)


class CatalogueView(IndexView):
    page_title = _("Exercises")
    default_ordering = "title"
    search_fields = None
    columns = [
        BulkActionsColumn("bulk_actions"),
        DrawingColumn("drawing", label=_("Drawing"), width="110px"),
        PageTitleColumn(
            "title", label=_("Title"), sort_key="title", classname="title", width="28%"
        ),
        Column("kind", label=_("Kind"), accessor="get_kind_display", sort_key="kind"),
        Column("level", label=_("Level"), accessor="get_level_display", sort_key="level_rank"),
        Column("equipment", label=_("Equipment"), accessor=joined),
        UsageColumn("usage_count", label=_("Usage"), sort_key="usage_count", width="10%"),
        DateColumn(
            "latest_revision_created_at",
            label=_("Updated"),
            sort_key="latest_revision_created_at",
            width="10%",
        ),
        PageStatusColumn("status", label=_("Status"), sort_key="live", width="10%"),
    ]

    def get_ordering(self) -> Any:
        """Ours is a search in SQL, without relevance: an order always stands."""
        ordering = self.request.GET.get("ordering", self.default_ordering)
        return ordering if ordering in self.get_valid_orderings() else self.default_ordering

    @cached_property
    def is_explicitly_ordered(self) -> bool:
        return True

    def annotate_queryset(self, pages: Any) -> Any:
        pages = super().annotate_queryset(catalogue_search.described(pages))
        return pages.prefetch_related("drawing", renditions_of("drawing"))

    def search_queryset(self, queryset: Any) -> Any:
        return catalogue_search.matching(queryset, self.search_query or "")

    @cached_property
    def header_more_buttons(self) -> list[Any]:
        query = self.request.GET.urlencode()
        suffix = f"?{query}" if query else ""
        exports = [
            Button(label, url=reverse(f"exercises:export_{form}") + suffix, icon_name="download")
            for form, label in (("csv", _("Export as CSV")), ("json", _("Export as JSON")))
        ]
        imports = []
        if transfer_views.may_import(self.request.user):
            imports = [Button(_("Import"), url=reverse("exercises:import"), icon_name="upload")]
        return [*super().header_more_buttons, *imports, *exports]


class ExportView(CatalogueView):
    """What the filters of the catalogue show, as a file."""

    form = "csv"

    def get(self, *_args: Any, **_kwargs: Any) -> Any:
        queryset = self.filter_queryset(self.get_base_queryset())
        queryset = self.search_queryset(queryset) if self.is_searching else queryset
        return transfer_views.download(queryset.values_list("pk", flat=True), form=self.form)


class ExercisesViewSet(PageListingViewSet):
    model = ExercisePage
    icon = "pick"
    menu_label = _("Exercises")
    menu_order = 240
    add_to_admin_menu = True
    index_view_class = CatalogueView
    columns = CatalogueView.columns
    filterset_class = ExerciseFilterSet
    list_per_page = 50

    def get_urlpatterns(self) -> list[Any]:
        files = [
            path(
                f"export.{form}",
                self.construct_view(ExportView, **self.get_index_view_kwargs(), form=form),
                name=f"export_{form}",
            )
            for form in ("csv", "json")
        ]
        imports = path("import/", transfer_views.ImportView.as_view(), name="import")
        return [*super().get_urlpatterns(), *files, imports]


exercises = ExercisesViewSet("exercises")
