"""What search engines are told: where everything is, and what is none of theirs."""

from collections import defaultdict
from typing import Any

from django.conf import settings
from django.contrib.sitemaps.views import sitemap as answer
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from wagtail.contrib.sitemaps import Sitemap
from wagtail.models import Page

from cms import languages

AN_HOUR = 3_600
NOT_FOR_THEM = ["/admin/", "/api/", "/documents/"]


class PublicPages(Sitemap):
    """Every live page that anybody may read, in all languages, with its last publication."""

    limit = 10_000

    def items(self) -> Any:
        roots = self.get_wagtail_site().root_page.get_translations(inclusive=True)
        pages = Page.objects.none()
        for root in roots:
            pages |= Page.objects.descendant_of(root, inclusive=True)
        return pages.live().public().select_related("locale").order_by("path")

    def _urls(self, page: int, *_where: Any) -> list[dict[str, Any]]:
        """With the same page in other languages beside each page that has any."""
        shown = list(self.paginator.page(page).object_list)
        versions: dict[Any, list[dict[str, str]]] = defaultdict(list)
        for each in shown:
            versions[each.translation_key].append(
                {"location": self.location(each), "lang_code": each.locale.language_code}
            )
        self.latest_lastmod = max(filter(None, map(self.lastmod, shown)), default=None)
        return [
            {
                "location": self.location(each),
                "lastmod": self.lastmod(each),
                "alternates": versions[each.translation_key]
                if len(versions[each.translation_key]) > 1
                else [],
            }
            for each in shown
        ]


@cache_control(public=True, max_age=AN_HOUR)
@require_safe
def sitemap(request: HttpRequest) -> HttpResponseBase:
    return answer(request, sitemaps={"pages": PublicPages(request)})


@cache_control(public=True, max_age=AN_HOUR)
@require_safe
def robots(_request: HttpRequest) -> HttpResponse:
    """Drafts need no mention: nobody reaches them without signing in."""
    searches = [f"{languages.prefix(code)}/search/" for code, _name in settings.LANGUAGES]
    closed = [*NOT_FOR_THEM, *searches]
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
    lines += ["", f"Sitemap: {settings.SITE_URL}{reverse('sitemap')}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
