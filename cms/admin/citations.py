"""Citations in the menu: entered once, searched, chosen by any health page."""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import UpdatedAtColumn
from wagtail.snippets.views.snippets import SnippetViewSet

from cms.models import Citation


class CitationViewSet(SnippetViewSet):
    model = Citation
    icon = "openquote"
    menu_label = _("Citations")
    menu_order = 240
    add_to_admin_menu = True
    list_display = ["title", "authors", "year", "journal", "evidence_level", UpdatedAtColumn()]
    list_filter = ["kind", "evidence_level", "study_design", "year"]
    list_export = ["title", "authors", "year", "journal", "doi", "pmid", "url", "evidence_level"]
    list_per_page = 50
    # A DOI is searched as it is written, not as words.
    search_backend_name = None
    search_fields = ["title", "authors", "journal", "doi", "pmid"]
    copy_view_enabled = False  # a copy would only collide with its original
    inspect_view_enabled = True
