"""What editors see of the programmes in the admin."""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import ObjectList
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import SnippetViewSet

from nurture.authoring.forms import SequenceForm
from nurture.models import Sequence


class SequenceViewSet(SnippetViewSet):
    model = Sequence
    icon = "mail"
    menu_label = _("Sequences")
    add_to_admin_menu = True
    menu_order = 250
    list_display = ("title", "diagnosis", "live", "plan_number")
    list_filter = ("diagnosis", "live")
    search_fields = ("title",)
    edit_handler = ObjectList(Sequence.panels, base_form_class=SequenceForm)


register_snippet(SequenceViewSet)
