"""What readers find: one search across all public types, for the search page and the content API.

    hits = search.find("sakroiliac pane", locale=locale)       # raises words.TooLong
    for kind, found in search.grouped(hits): ...

PostgreSQL's full text search over the index that Wagtail keeps, by the rules of the language asked
in; a word also finds what begins with it. Where no page has all the words, a word that no page has
is replaced by the known ones most like it, and then any of the words will do. Likeness is by
trigrams, counted in Python over the words of the index: not every PostgreSQL has pg_trgm. Seven
queries at most, four if all goes well.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.search import CombinedSearchVector, SearchQuery, SearchRank
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.db.models.functions import Coalesce
from wagtail.models import Locale, Page, PageLogEntry

from cms import stemming, words

# By the name of the model; what stands beside a title.
KINDS = {
    "diagnosispage": "summary",
    "exercisepage": "summary",
    "articlepage": "summary",
    "regionpage": "summary",
    "clinicianpage": "role",
}
LIMIT = 60
SHORTER_IS_CLOSER = 1  # PostgreSQL: divide by 1 + the logarithm of the length
TITLE_COUNTS = 4  # times as much as the text
BEGINS_A_WORD = 3  # letters; fewer begin too many words
MOST_RANKED = 200
AN_HOUR = 3_600
CHANGES_WHAT_IS_LIVE = ("wagtail.create", "wagtail.publish", "wagtail.unpublish", "wagtail.delete")


@dataclass(frozen=True, slots=True)
class Hit:
    """A live page that anybody may read. `kind` is one of `KINDS`; a higher score fits better."""

    page: Page
    kind: str
    title: str
    summary: str
    score: float
    terms: tuple[str, ...]  # the beginnings of words by which it was found


def find(
    text: str, *, locale: Locale, kinds: Iterable[str] = KINDS, limit: int = LIMIT
) -> list[Hit]:
    """The best hits first; none for a text without a word. Raises `words.TooLong`."""
    asked = stems(words.read(text), config=stemming.config(locale.language_code))
    if not asked:
        return []
    pages = public_pages(kinds, locale)
    begun = [prefix(stem) for stem in asked]
    return ranked(pages, " & ".join(begun), limit) or find_alike(pages, asked, locale, limit)


def find_alike(pages: Any, asked: Sequence[str], locale: Locale, limit: int) -> list[Hit]:
    """With what a person may have meant in place of what no page has."""
    known = vocabulary(locale)
    terms = []
    for stem in asked:
        begun = any(word.startswith(stem) for word in known)
        meant = [stem] if begun else words.meant(stem, known)
        if meant:
            terms.append("(" + " | ".join(prefix(word) for word in meant) + ")")
    if not terms:
        return []
    return ranked(pages, " & ".join(terms), limit) or ranked(pages, " | ".join(terms), limit)


def grouped(hits: Iterable[Hit]) -> list[tuple[str, list[Hit]]]:
    """The best hits first by kind, the kind with the very best hit first."""
    by_kind: dict[str, list[Hit]] = {}
    for hit in hits:
        by_kind.setdefault(hit.kind, []).append(hit)
    return list(by_kind.items())


def public_pages(kinds: Iterable[str], locale: Locale) -> Any:
    pages = Page.objects.type(*(apps.get_model("cms", kind) for kind in kinds))
    return pages.live().public().filter(locale=locale)


def ranked(pages: Any, condition: str, limit: int) -> list[Hit]:
    """The pages whose title or text meets a condition in the language of `tsquery`."""
    query = SearchQuery(condition, config=stemming.AS_IT_IS, search_type="raw")
    worth_it = candidates(pages, query)
    if not worth_it:
        return []
    title, body = F("index_entries__title"), F("index_entries__body")
    beside = [F(f"{kind}__{field}") for kind, field in KINDS.items()]
    found = (
        pages.filter(pk__in=worth_it)
        .annotate(
            score=SearchRank(title, query, normalization=SHORTER_IS_CLOSER) * TITLE_COUNTS
            + SearchRank(body, query),
            summary=Coalesce(*beside),
        )
        .order_by("-score", "title", "pk")[:limit]
    )
    terms = tuple(re.findall(r"'(\w+)'", condition))
    return [
        Hit(page, page.cached_content_type.model, page.title, page.summary, page.score, terms)
        for page in found
    ]


def candidates(pages: Any, query: SearchQuery) -> list[int]:
    """What is worth ranking, by the indexes alone: ranking reads each text, so of what very many
    pages have only so many are ranked, and of those with it in their title as many again."""
    title, body = F("index_entries__title"), F("index_entries__body")
    by_title, by_both = (
        pages.annotate(has=words_of).filter(has=query).order_by().values_list("pk")[:MOST_RANKED]
        for words_of in (title, CombinedSearchVector(title, "||", body, config=None))
    )
    return [pk for (pk,) in by_title.union(by_both)]


def stems(asked: Sequence[str], *, config: str) -> list[str]:
    """The words as the index keeps them; those that say nothing ("the", "of") are left out."""
    if not asked:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lexeme FROM unnest(%s::text[]) WITH ORDINALITY AS asked (word, place),"
            " unnest(to_tsvector(%s::regconfig, word)) ORDER BY place",
            [list(asked), config],
        )
        return list(dict.fromkeys(lexeme for (lexeme,) in cursor.fetchall()))


def prefix(stem: str) -> str:
    """A stem holds letters and digits only: `words.read` lets nothing else through."""
    return f"'{stem}':*" if len(stem) >= BEGINS_A_WORD else f"'{stem}'"


def vocabulary(locale: Locale) -> list[str]:
    """Every stem that live pages of a language hold. Kept in the cache until one is published."""
    logged = PageLogEntry.objects.filter(action__in=CHANGES_WHAT_IS_LIVE).order_by("-pk")
    last = logged.values_list("pk", flat=True).first()
    key = f"vocabulary:{locale.pk}:{last}"
    return cache.get_or_set(key, lambda: all_stems(locale), AN_HOUR) or []


def all_stems(locale: Locale) -> list[str]:
    models = [apps.get_model("cms", kind) for kind in KINDS]
    types = ContentType.objects.get_for_models(*models).values()
    entries = Page._meta.get_field("index_entries").related_model._meta.db_table
    texts = (
        f"SELECT entry.title || entry.body FROM {entries} entry"  # noqa: S608  # our own names
        " JOIN wagtailcore_page page ON page.id::text = entry.object_id"
        f" WHERE page.live AND page.locale_id = {locale.pk:d}"
        f" AND entry.content_type_id IN ({', '.join(str(t.pk) for t in types)})"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT word FROM ts_stat(%s)", [texts])
        return [word for (word,) in cursor.fetchall()]
