"""Which language a page is in, and where the same page is found in the others.

The address decides the language, nothing else: pages may be cached by their address alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import translate_url
from django.utils.translation import get_language, get_language_from_path
from wagtail.models import Page, Site

from cms import openness

Translated = TypeVar("Translated", bound=Page)
Link = TypeVar("Link")

KNOWN = "_language_versions"  # kept on the request


@dataclass(frozen=True, slots=True)
class Version:
    """A page as it stands in one language. `url` is absolute."""

    language: str
    name: str
    title: str
    page_id: int
    url: str

    @property
    def is_default(self) -> bool:
        return self.language == settings.LANGUAGE_CODE


@dataclass(frozen=True, slots=True)
class Choice:
    """Where the switcher of languages leads. `same` unless that page is only there in others."""

    language: str
    name: str
    url: str
    same: bool
    current: bool


def active() -> str:
    """The language of what is being shown, always one that we have."""
    language = get_language() or settings.LANGUAGE_CODE
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def of_path(path: str) -> str:
    return get_language_from_path(path) or settings.LANGUAGE_CODE


def offered() -> dict[str, str]:
    """The names of the languages in which the site has a home page, by code."""
    homes = {row.language_code for row in Site.get_site_root_paths()}
    return {code: name for code, name in settings.LANGUAGES if code in homes}


def versions(page: Page, request: HttpRequest | None = None) -> list[Version]:
    """The page itself and its translations, as far as readers may see them, in a fixed order.

    Empty where the site has one language, without a query. Asked once for each request.
    """
    names = offered()
    if len(names) < 2:  # noqa: PLR2004  # nothing to choose
        return []
    known: dict[int, list[Version]] = {} if request is None else vars(request).setdefault(KNOWN, {})
    if page.pk not in known:
        known[page.pk] = found_versions(page, request, names)
    return known[page.pk]


def found_versions(
    page: Page, request: HttpRequest | None, names: Mapping[str, str]
) -> list[Version]:
    rows = Page.objects.live().public().filter(translation_key=page.translation_key)
    found = [
        Version(row.locale.language_code, names[row.locale.language_code], row.title, row.pk, url)
        for row in rows.select_related("locale")
        if row.locale.language_code in names and (url := row.get_full_url(request))
    ]
    order = list(names)
    return sorted(found, key=lambda version: order.index(version.language))


def choices(request: HttpRequest, page: Page | None) -> list[Choice]:
    """One for each language in which the site has a home page; empty if there is only one."""
    names = offered()
    if len(names) < 2:  # noqa: PLR2004  # nothing to choose
        return []
    same = same_elsewhere(request, page, names)
    return [
        Choice(code, name, same.get(code) or f"{prefix(code)}/", code in same, code == active())
        for code, name in names.items()
    ]


def same_elsewhere(request: HttpRequest, page: Page | None, codes: Iterable[str]) -> dict[str, str]:
    """The addresses of what is shown, by language. A page that is missing is missing everywhere."""
    if page is not None and page.pk:
        return {version.language: version.url for version in versions(page, request)}
    match = request.resolver_match
    if match is None or match.args or match.kwargs:  # also one person's page: it tells nothing
        return {}
    return {code: translate_url(request.path, code) for code in codes}


def prefix(language: str) -> str:
    """What addresses in this language begin with."""
    return "" if language == settings.LANGUAGE_CODE else f"/{language}"


def in_own_language(
    page: Page, request: HttpRequest, _args: Any, _kwargs: Any
) -> HttpResponseRedirect | None:
    """Under the address of another language, which Wagtail serves for want of a translation, a
    page sends to its own address."""
    address = page.get_url_parts(request)
    if address and address[2] and of_path(address[2]) != of_path(request.path_info):
        return HttpResponseRedirect(page.get_url(request))
    return None


def follow(links: list[Link], name: str, page: Page, *, among: Any = None) -> list[Link]:
    """Links from `page`, each now to the translation in its language, where anybody may read one.

    `name` is the field that leads to the page. `among` is the queryset that translations are taken
    from, with what is shown of them. A link to what another one leads to in the page's own language
    is left out. No query if all are in that language already.
    """
    foreign = [link for link in links if getattr(link, name).locale_id != page.locale_id]
    if not foreign:
        return links
    known = {getattr(link, name).pk for link in links} - {getattr(f, name).pk for f in foreign}
    found = in_locale([getattr(link, name) for link in foreign], page.locale_id, among=among)
    twice = []
    for link in foreign:
        target = getattr(link, name)
        setattr(link, name, found.get(target.translation_key, target))
        twice += [link] if getattr(link, name).pk in known else []
    return [link for link in links if link not in twice]


def in_locale(
    pages: list[Translated], locale_id: int, *, among: Any = None
) -> dict[UUID, Translated]:
    """The translations of pages of one kind that anybody may read, by their translation keys."""
    keys = {page.translation_key for page in pages}
    rows = type(pages[0]).objects.all() if among is None else among
    rows = openness.readable(rows).filter(locale=locale_id, translation_key__in=keys)
    return {row.translation_key: row for row in rows}
