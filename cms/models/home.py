from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from cms.models.articles import ArticlePage
from cms.models.front_end import OnFrontEnd
from cms.models.regions import RegionPage
from cms.prose import ProseField


class HomePage(OnFrontEnd):
    """The front door: what hurts, and what to read."""

    tagline = models.CharField(_("tagline"), max_length=200)
    welcome = ProseField(_("welcome"), blank=True)

    content_panels = [*Page.content_panels, "tagline", "welcome"]

    parent_page_types = ["wagtailcore.Page"]
    subpage_types = [
        "cms.RegionPage",
        "cms.ExerciseIndexPage",
        "cms.ArticlePage",
        "cms.ClinicianIndexPage",
    ]

    class Meta:
        verbose_name = _("home page")
        verbose_name_plural = _("home pages")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context(request, *args, **kwargs),
            "regions": RegionPage.objects.child_of(self).live().public(),
            "articles": ArticlePage.objects.descendant_of(self).live().public(),
        }
