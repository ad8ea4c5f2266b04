"""`search/`: what readers find, with the words that were found in it."""

import json
from collections.abc import Iterator, Sequence
from html import escape
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BeforeValidator, Field, StringConstraints
from wagtail.models import Locale

from cms import search, stemming, words
from cms.api import answers, parameters, statements
from cms.api.filters import separated
from cms.api.reading import FOR_ALL
from cms.documents.shapes import Shape
from cms.documents.shapes.cards import AnyCard

router = Router(tags=["search"])

KINDS = {kind.removesuffix("page"): kind for kind in search.KINDS}
Kind = Literal["article", "clinician", "diagnosis", "exercise", "region"]

# Neither can stand in a text, so what comes between them is ours to mark.
BEGIN, END = "\x02", "\x03"
OPTIONS = f"StartSel={BEGIN}, StopSel={END}, MaxFragments=2, MaxWords=24, MinWords=8"

# Only the text around the first word that was found is looked at: a headline of a whole page takes
# longer than finding it.
BEFORE, AROUND = 160, 1_000
HITS = f"""
    SELECT document.page_id, document.card,
        ts_headline(%s::regconfig, near.words, to_tsquery('simple', %s), '{OPTIONS}')
    FROM cms_document AS document
    JOIN wagtailcore_page AS page ON page.id = document.page_id
    CROSS JOIN LATERAL (
        SELECT min(nullif(regexp_instr(document.words, '\\m' || term, 1, 1, 0, 'i'), 0)) AS at
        FROM unnest(%s::text[]) AS term
    ) AS first
    CROSS JOIN LATERAL (
        SELECT CASE WHEN first.at > {BEFORE}
            THEN regexp_replace(
                substr(document.words, first.at - {BEFORE}, {AROUND}), '^\\S*\\s+', '')
            ELSE left(document.words, {AROUND})
        END AS words
    ) AS near
    WHERE document.page_id = ANY(%s::int[]) AND document.type <> 'site' AND {FOR_ALL}
"""  # noqa: S608 - our own constants


class SearchQuery(parameters.Language):
    q: Annotated[
        str,
        StringConstraints(min_length=1, max_length=words.MAX_LENGTH, pattern=r"^[^\x00]+$"),
        Field(description="What somebody types. Typos are forgiven.", examples=["sakroiliac"]),
    ]
    type__in: Annotated[
        Annotated[list[Kind], Field(max_length=len(KINDS))] | None, BeforeValidator(separated)
    ] = Field(None, description="Only these types, separated by commas.")
    limit: int = Field(20, ge=1, le=search.LIMIT, description="How many at most.")


class Hit(Shape):
    """`highlight` is text with the words that were found in `mark`, and no other HTML."""

    page: AnyCard
    score: float
    highlight: str


class Hits(Shape):
    """The best first. Put nothing into a log: what people search for is about their health."""

    items: list[Hit]


@router.get("search/", response=Hits, operation_id="search", summary="Search")
def find(request: HttpRequest, asked: Query[SearchQuery]) -> HttpResponse:
    """All types at once, in one language."""
    parameters.refuse_unknown(request, SearchQuery)
    language = parameters.locales(asked)[0]
    locale = Locale.objects.filter(language_code=language).first()
    items = ",".join(hits(asked, locale)) if locale else ""
    return answers.sent(request, f'{{"items":[{items}]}}', keys=["search"])


def hits(asked: SearchQuery, locale: Locale) -> Iterator[str]:
    """As JSON, around the stored cards."""
    kinds = [KINDS[name] for name in asked.type__in or KINDS]
    found = search.find(asked.q, locale=locale, kinds=kinds, limit=asked.limit)
    rows = {page: (card, headline) for page, card, headline in highlighted(found, locale)}
    for hit in found:
        if hit.page.pk in rows:
            card, headline = rows[hit.page.pk]
            score, highlight = round(hit.score, 4), json.dumps(marked(headline))
            yield f'{{"page":{card},"score":{score},"highlight":{highlight}}}'


def highlighted(found: Sequence[search.Hit], locale: Locale) -> list[tuple[Any, ...]]:
    """The cards and what stands around the words by which they were found."""
    if not found:
        return []
    terms = found[0].terms  # the same for all
    query = " | ".join(search.prefix(term) for term in terms)
    pages = [hit.page.pk for hit in found]
    config = stemming.config(locale.language_code)
    return statements.tuples(HITS, [config, query, list(terms), pages])


def marked(headline: str) -> str:
    return escape(headline).replace(BEGIN, "<mark>").replace(END, "</mark>")
