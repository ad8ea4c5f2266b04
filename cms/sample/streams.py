"""StreamField values from plain lists, with block ids that stay the same from run to run."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

from cms.sample import files

NAMESPACE = UUID("5f1cf6a4-39b0-5b0c-9a51-6a0a3c9e8f21")


def block_id(slug: str, *place: object) -> str:
    """The same for the same place of the same page, everywhere and for ever."""
    return str(uuid5(NAMESPACE, "/".join(map(str, (slug, *place)))))


def stream(slug: str, field: str, kind: str, values: Iterable[Any]) -> list[dict[str, Any]]:
    """The raw value of a StreamField whose blocks are all of one kind."""
    return [
        {"type": kind, "value": value, "id": block_id(slug, field, number)}
        for number, value in enumerate(values)
    ]


def article_body(
    article: files.Article, *, exercises: dict[str, int], diagnoses: dict[str, int]
) -> list[dict[str, Any]]:
    """`exercises` and `diagnoses` give the primary keys of the pages by their slugs."""
    body = []
    for number, part in enumerate(article.body):
        place = (article.key, "body", number)
        body.append({"type": part.type, "id": block_id(*place), "value": {}})
        match part:
            case files.TextPart():
                body[-1]["value"] = {"heading": part.heading, "body": part.html}
            case files.ExercisePart():
                body[-1]["value"] = {"exercise": exercises[part.exercise], "note": part.note}
            case files.DiagnosesPart():
                chosen = [diagnoses[slug] for slug in part.diagnoses or diagnoses]
                items = [{"type": "item", "value": pk, "id": block_id(*place, pk)} for pk in chosen]
                body[-1]["value"] = {
                    "heading": part.heading,
                    "intro": part.intro,
                    "diagnoses": items,
                }
    return body


def citations(pages: files.PagesFile, slug: str, sources: dict[str, int]) -> list[dict[str, Any]]:
    """The sources of a diagnosis page; `sources` gives their primary keys."""
    values = [
        {"citation": sources[citation.key], "supports": citation.supports[slug]}
        for citation in pages.citations
        if slug in citation.supports
    ]
    return stream(slug, "citations", "citation", values)
