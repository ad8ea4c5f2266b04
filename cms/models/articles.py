from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.fields import StreamField
from wagtail.search import index

from cms.blocks import ArticleBlock
from cms.models.base import HealthPage
from cms.models.pictures import renditions_of


class ArticlePage(HealthPage):
    """A story for readers that brings diagnoses and exercises together."""

    body = StreamField(ArticleBlock(), verbose_name=_("body"))

    content_panels = [*HealthPage.content_panels, "body"]
    search_fields = [*HealthPage.search_fields, index.SearchField("body")]

    parent_page_types = ["cms.HomePage", "cms.RegionPage"]
    subpage_types: list[str] = []

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        exercises = [b.value["exercise"] for b in self.body if b.block_type == "exercise"]
        # The blocks hold these very objects, so their pictures come in two queries for all.
        models.prefetch_related_objects(
            [page for page in exercises if page], "drawing", renditions_of("drawing")
        )
        return super().get_context(request, *args, **kwargs)  # type: ignore[no-any-return]

    @property
    def named_diagnoses(self) -> list[int]:
        """The diagnosis pages that this page is about, by primary key."""
        named = [b.value["diagnoses"] for b in self.body if b.block_type == "diagnoses"]
        return [page.pk for pages in named for page in pages if page]
