from typing import Any
from uuid import UUID

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.fields import StreamField
from wagtail.search import index

from cms import languages
from cms.blocks import ArticleBlock
from cms.models.base import HealthPage
from cms.models.diagnoses import DiagnosisPage
from cms.models.exercises import ExercisePage
from cms.models.pictures import renditions_of


class ArticlePage(HealthPage):
    """A story for readers that brings diagnoses and exercises together."""

    body = StreamField(ArticleBlock(), verbose_name=_("body"))

    content_panels = [*HealthPage.content_panels, "body"]
    search_fields = [*HealthPage.search_fields, index.SearchField("body")]

    parent_page_types = ["cms.HomePage", "cms.RegionPage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self.follow_translations()
        self.openness.only(self.embedded())
        exercises = [page for page in self.embedded() if isinstance(page, ExercisePage)]
        # The blocks hold these very objects, so their pictures come in two queries for all.
        models.prefetch_related_objects(exercises, "drawing", renditions_of("drawing"))
        return super().get_context(request, *args, **kwargs)

    def embedded(self) -> list[Any]:
        """The pages that its blocks show, as the blocks hold them."""
        pages = [
            [block.value["exercise"]]
            if block.block_type == "exercise"
            else block.value["diagnoses"]
            for block in self.body
            if block.block_type in {"exercise", "diagnoses"}
        ]
        return [page for shown in pages for page in shown if page]

    def follow_translations(self) -> None:
        """In a copy that waits for its translation, the blocks show each page in this one's
        language if it is there. For whoever shows it; nothing is saved."""
        foreign = [page for page in self.embedded() if page.locale_id != self.locale_id]
        found: dict[UUID, Any] = {}
        for kind in (ExercisePage, DiagnosisPage):
            if pages := [page for page in foreign if isinstance(page, kind)]:
                found |= languages.in_locale(pages, self.locale_id)
        for block in self.body if found else ():
            if block.block_type == "exercise":
                block.value["exercise"] = own(block.value["exercise"], found)
            if block.block_type == "diagnoses":
                shown = block.value["diagnoses"]
                for position, page in enumerate(shown):
                    shown[position] = own(page, found)

    @property
    def named_diagnoses(self) -> list[int]:
        """The diagnosis pages that this page is about, by primary key."""
        return [page.pk for page in self.embedded() if isinstance(page, DiagnosisPage)]


def own(page: Any, found: dict[UUID, Any]) -> Any:
    return found.get(page.translation_key, page) if page else page
