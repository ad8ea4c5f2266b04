"""Citations in the menu: entered once, searched, chosen by any health page."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column, UpdatedAtColumn
from wagtail.snippets.views.chooser import ChooseResultsView, ChooseView, SnippetChooserViewSet
from wagtail.snippets.views.snippets import SnippetViewSet

from cms.models import Citation


def with_details(columns: list[Any]) -> list[Any]:
    return [
        *columns,
        Column("journal", label=_("Journal or publisher")),
        Column("doi", label="DOI"),
        Column("evidence_level", label=_("Evidence")),
    ]


class Choosing(ChooseView):
    @property
    def columns(self) -> list[Any]:
        return with_details(super().columns)


class Results(ChooseResultsView):
    @property
    def columns(self) -> list[Any]:
        return with_details(super().columns)


class CitationChooserViewSet(SnippetChooserViewSet):
    """A source that has a DOI or a PMID can be entered in the chooser itself."""

    choose_view_class = Choosing
    choose_results_view_class = Results
    form_fields = ["title", "authors", "year", "kind", "journal", "doi", "pmid"]
    create_action_label = _("Enter a new source")
    creation_tab_label = _("New source")


class CitationViewSet(SnippetViewSet):
    model = Citation
    icon = "openquote"
    menu_label = _("Citations")
    menu_order = 240
    add_to_admin_menu = True
    chooser_viewset_class = CitationChooserViewSet
    list_display = ["title", "authors", "year", "journal", "evidence_level", UpdatedAtColumn()]
    list_filter = ["kind", "evidence_level", "study_design", "year"]
    list_export = ["title", "authors", "year", "journal", "doi", "pmid", "url", "evidence_level"]
    list_per_page = 50
    # A DOI is searched as it is written, not as words.
    search_backend_name = None
    search_fields = ["title", "authors", "journal", "doi", "pmid"]
    copy_view_enabled = False  # a copy would only collide with its original
    inspect_view_enabled = True
