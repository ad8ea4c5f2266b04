"""Choosing an exercise: by its drawing, with search, level and kind."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.choosers import BaseFilterForm, LocaleFilterMixin
from wagtail.admin.ui.tables import BaseColumn, Column
from wagtail.admin.views.generic import chooser
from wagtail.admin.viewsets.chooser import ChooserViewSet

from cms.admin import catalogue_search
from cms.blocks import ExerciseChooser
from cms.models import ExercisePage, RegionPage
from cms.models.exercises import Kind, Level
from cms.models.pictures import renditions_of


class DrawingColumn(BaseColumn):
    """A thumbnail. It says nothing that the title beside it does not say."""

    cell_template_name = "cms/admin/catalogue_drawing.html"


class SearchForm(BaseFilterForm):
    q = forms.CharField(
        label=_("Search"),
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("Title or another name")}),
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    level = forms.ChoiceField(label=_("Level"), required=False)
    region = forms.ModelChoiceField(
        RegionPage.objects.order_by("path"), label=_("Region"), required=False, empty_label=_("All")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("kind", Kind), ("level", Level)):
            field = self.fields[name]
            field.choices = [("", _("All")), *choices.choices]
        for name in ("kind", "level", "region"):
            self.fields[name].widget.attrs["data-chooser-modal-search-filter"] = True

    def filter(self, objects: Any) -> Any:
        exercises = super().filter(objects)
        chosen = {name: self.cleaned_data[name] for name in ("kind", "level")}
        exercises = exercises.filter(**{name: value for name, value in chosen.items() if value})
        region = self.cleaned_data["region"]
        if region:
            exercises = catalogue_search.for_region(exercises, region)
        self.search_query = self.cleaned_data["q"]
        self.is_searching = bool(self.search_query or region or any(chosen.values()))
        return catalogue_search.matching(exercises, self.search_query or "")


class LocalisedSearchForm(LocaleFilterMixin, SearchForm):
    pass


class Choosing(chooser.BaseChooseView):
    ordering = ("title",)
    per_page = 12
    filter_form_class = LocalisedSearchForm

    def get_object_list(self) -> Any:
        exercises = ExercisePage.objects.defer_streamfields().select_related("drawing")
        return exercises.prefetch_related(renditions_of("drawing"))

    @property
    def columns(self) -> list[Any]:
        title, *others = super().columns
        return [
            DrawingColumn("drawing", label=_("Drawing"), width="15%"),
            title,
            Column("kind", label=_("Kind"), accessor="get_kind_display"),
            Column("level", label=_("Level"), accessor="get_level_display"),
            *others,
        ]


class ChooseView(chooser.ChooseViewMixin, chooser.CreationFormMixin, Choosing):
    template_name = "cms/admin/catalogue_chooser.html"


class ResultsView(chooser.ChooseResultsViewMixin, chooser.CreationFormMixin, Choosing):
    pass


class ExerciseChooserViewSet(ChooserViewSet):
    model = ExercisePage
    icon = "pick"
    choose_one_text = _("Choose an exercise")
    choose_another_text = _("Choose another exercise")
    edit_item_text = _("Edit this exercise")
    choose_view_class = ChooseView
    choose_results_view_class = ResultsView
    widget_class = ExerciseChooser


exercise_chooser = ExerciseChooserViewSet("exercise_chooser")
