from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.search import index

from cms.models.articles import ArticlePage
from cms.models.base import HealthPage
from cms.models.diagnoses import DiagnosisPage
from cms.prose import ProseField


class RegionPage(HealthPage):
    """A part of the body: what it does, and what can trouble it."""

    body = ProseField(_("body"), blank=True)
    snomed_code = models.CharField(_("SNOMED CT code"), max_length=18, blank=True)

    content_panels = [*HealthPage.content_panels, "body", "snomed_code"]
    search_fields = [*HealthPage.search_fields, index.SearchField("body")]

    parent_page_types = ["cms.HomePage", "cms.RegionPage"]
    subpage_types = ["cms.RegionPage", "cms.DiagnosisPage", "cms.ArticlePage"]

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context(request, *args, **kwargs),
            "diagnoses": DiagnosisPage.objects.child_of(self).live().public(),
            "articles": ArticlePage.objects.child_of(self).live().public(),
        }
