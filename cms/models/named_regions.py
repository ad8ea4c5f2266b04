"""Parts of the body that a page names, besides the one that it may stand below."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultipleChooserPanel
from wagtail.models import Orderable

MOST = 6


class NamedRegion(Orderable):
    """A row below a page; the page itself is a key of the model that takes this one."""

    region = models.ForeignKey("cms.RegionPage", on_delete=models.CASCADE, related_name="+")

    panels = [FieldPanel("region")]

    class Meta(Orderable.Meta):
        abstract = True
        verbose_name = _("region")


def regions_panel(name: str, *, heading: Any, help_text: Any) -> MultipleChooserPanel:
    return MultipleChooserPanel(
        name,
        chooser_field_name="region",
        heading=heading,
        label=_("Region"),
        max_num=MOST,
        help_text=help_text,
    )
