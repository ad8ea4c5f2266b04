"""Atom feeds of what is new to read."""

from datetime import datetime

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.utils.feedgenerator import Atom1Feed
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.models import Locale

from cms import languages
from cms.models import ArticlePage, DiagnosisPage, ExercisePage, HealthPage, RegionPage

ITEMS = 30


class PageFeed(Feed):  # type: ignore[type-arg]  # Django's own class takes no arguments
    feed_type = Atom1Feed
    name: str | Promise

    def link(self) -> str:
        return f"{settings.SITE_URL}{languages.prefix(languages.active())}/"

    def title(self) -> str:
        return f"{settings.PRACTICE_NAME}: {self.name}"

    def item_title(self, item: HealthPage) -> str:
        return str(item.title)

    def item_description(self, item: HealthPage) -> str:
        return str(item.summary)

    def item_link(self, item: HealthPage) -> str:
        return str(item.full_url or f"{settings.SITE_URL}/")

    def item_pubdate(self, item: HealthPage) -> datetime | None:
        return item.first_published_at  # type: ignore[no-any-return]

    def item_updateddate(self, item: HealthPage) -> datetime | None:
        return item.last_published_at  # type: ignore[no-any-return]

    def item_guid(self, item: HealthPage) -> str:
        """It stays when the page moves."""
        return f"urn:uuid:{item.translation_key}:{item.locale_id}"


class Articles(PageFeed):
    name = _("Articles")

    def items(self) -> list[HealthPage]:
        return newest(ArticlePage, by="first_published_at")


class Changes(PageFeed):
    """Pages about health, those first that changed last."""

    name = _("New and changed pages")

    def items(self) -> list[HealthPage]:
        kinds = (DiagnosisPage, ExercisePage, ArticlePage, RegionPage)
        found = [page for kind in kinds for page in newest(kind, by="last_published_at")]
        return sorted(found, key=lambda page: page.last_published_at, reverse=True)[:ITEMS]


def newest(kind: type[HealthPage], *, by: str) -> list[HealthPage]:
    pages = kind.objects.live().public().filter(locale=Locale.get_active())
    return list(pages.exclude(**{by: None}).order_by(f"-{by}", "-pk")[:ITEMS])
