"""`/api/v1/sequences/`: what anybody may know about a programme before signing up."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router

from cms import public
from cms.api import answers, parameters
from cms.api.problems import not_found
from cms.documents.shapes import Shape
from cms.documents.shapes.base import Path, Text
from nurture.models import Sequence, Step

router = Router(tags=["sequences"])

DAYS = {"hours": 1 / 24, "days": 1, "weeks": 7}


class DiagnosisOfSequence(Shape):
    id: UUID
    title: Text
    path: Path


class SequenceDocument(Shape):
    """A programme of e-mails. `weeks` is how long it takes if a person goes straight through."""

    id: UUID
    locale: str
    title: Text
    diagnosis: DiagnosisOfSequence
    goal: Text
    what_to_expect: Text
    mails: int
    weeks: int
    signup_url: str


class Sequences(Shape):
    items: list[SequenceDocument]


class SequencesQuery(parameters.Language):
    diagnosis: UUID | None = None


class SequenceQuery(parameters.Language):
    pass


@router.get(
    "sequences/", response=Sequences, operation_id="list_sequences", summary="List sequences"
)
def sequences(request: HttpRequest, asked: Query[SequencesQuery]) -> HttpResponse:
    """All programmes that are on offer."""
    parameters.refuse_unknown(request, SequencesQuery)
    found = in_languages(offered(), parameters.locales(asked))
    items = [facts(each) for each in found if asked.diagnosis in {None, each.diagnosis_key}]
    return answers.made(request, Sequences(items=items), keys=["sequences"])


@router.get(
    "sequences/{id}/",
    response=SequenceDocument,
    operation_id="get_sequence",
    summary="Get sequence",
)
def sequence(request: HttpRequest, id: UUID, asked: Query[SequenceQuery]) -> HttpResponse:  # noqa: A002
    """One programme: its title, its diagnosis, how long it is and what to expect."""
    parameters.refuse_unknown(request, SequenceQuery)
    found = in_languages(offered().filter(translation_key=id), parameters.locales(asked))
    if not found:
        raise not_found("There is no programme on offer with this id.")
    return answers.made(request, facts(found[0]), keys=["sequences"])


def offered() -> "QuerySet[Any]":
    """With the path of the diagnosis page, which readers may see, and the waits; in one query."""
    waits = Step.objects.filter(sequence=OuterRef("pk"), live=True).order_by("position")
    return (
        Sequence.objects.filter(live=True, plan_number__gt=0)
        .annotate(
            language=F("locale__language_code"),
            diagnosis_key=F("diagnosis__translation_key"),
            diagnosis_title=F("diagnosis__title"),
            diagnosis_path=public.path_of_page(OuterRef("diagnosis_id")),
            waits=ArraySubquery(
                waits.values(
                    wait=JSONObject(count="wait_count", unit="wait_unit", after="wait_after")
                )
            ),
        )
        .exclude(diagnosis_path=None)
        .order_by("title", "pk")
    )


def in_languages(rows: Iterable[Any], locales: list[str]) -> list[Any]:
    """Each programme in the first of the languages that has it."""
    found = list(rows)
    best: dict[UUID, Any] = {}
    for locale in reversed(locales):
        best |= {each.translation_key: each for each in found if each.language == locale}
    return list(best.values())


def facts(each: Any) -> SequenceDocument:
    return SequenceDocument(
        id=each.translation_key,
        locale=each.language,
        title=each.title,
        diagnosis=DiagnosisOfSequence(
            id=each.diagnosis_key, title=each.diagnosis_title, path=each.diagnosis_path
        ),
        goal=each.goal,
        what_to_expect=each.what_to_expect,
        mails=len(each.waits),
        weeks=weeks(each.waits),
        signup_url=f"{settings.SITE_URL}{reverse('signup')}?programme={each.translation_key.hex}",
    )


def weeks(waits: Iterable[dict[str, Any]]) -> int:
    """From the first mail to the last, that one's own week included."""
    day = 0.0
    for wait in waits:
        days = wait["count"] * DAYS[wait["unit"]]
        if wait["after"] == Step.After.PREVIOUS:
            day += days
        elif wait["after"] == Step.After.START:
            day = max(day, days)
    return int(day // 7) + 1
