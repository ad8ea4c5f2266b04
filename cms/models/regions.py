from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel
from wagtail.search import index

from cms import codes
from cms.models.articles import ArticlePage
from cms.models.base import HealthPage
from cms.models.diagnoses import DiagnosisPage, DiagnosisRegion
from cms.models.pictures import refuse_undescribed
from cms.prose import ProseField


def check_snomed(value: str) -> None:
    if not codes.fits(codes.SNOMED, value):
        raise ValidationError(_("This is no code of %(s)s.") % {"s": codes.SNOMED})


class RegionPage(HealthPage):
    """A part of the body: what it does, and what can trouble it."""

    body = ProseField(_("body"), blank=True)
    side_applies = models.BooleanField(
        _("there is a left and a right one"),
        default=False,
        help_text=_("As with a knee, and other than with the neck."),
    )
    diagram = models.ForeignKey(
        "cms.Picture",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("diagram"),
        help_text=_("Where the region is. The picture itself carries the description."),
    )
    snomed_code = models.CharField(
        _("SNOMED CT code"),
        max_length=18,
        blank=True,
        validators=[check_snomed],
        help_text=_("A concept of SNOMED CT, for example 39723000. Check it in the register."),
    )

    content_panels = [
        *HealthPage.content_panels,
        "body",
        "diagram",
        FieldRowPanel([FieldPanel("side_applies"), FieldPanel("snomed_code")]),
    ]
    search_fields = [*HealthPage.search_fields, index.SearchField("body")]

    parent_page_types = ["cms.HomePage", "cms.RegionPage"]
    subpage_types = ["cms.RegionPage", "cms.DiagnosisPage", "cms.ArticlePage"]

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")

    def clean(self) -> None:
        super().clean()
        refuse_undescribed(self, "diagram")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context(request, *args, **kwargs),
            "regions": RegionPage.objects.child_of(self).live().public(),
            "diagnoses": self.diagnoses(),
            "articles": ArticlePage.objects.child_of(self).live().public(),
        }

    def diagnoses(self) -> Any:
        """The diagnoses below this region, and those that name it as well."""
        below = models.Q(path__startswith=self.path, depth=self.depth + 1)
        also = models.Q(pk__in=DiagnosisRegion.objects.filter(region=self).values("page"))
        return DiagnosisPage.objects.filter(below | also).live().public()
