"""The summary of a page, as lists and other documents show it."""

from collections.abc import Callable, Iterable
from typing import Any

from wagtail.models import Page

from cms.documents import pictures
from cms.documents.reader import Reader
from cms.documents.shapes.cards import (
    ArticleCard,
    ClinicianCard,
    DiagnosisCard,
    ExerciseCard,
    PlainCard,
    RegionCard,
)
from cms.documents.shapes.exercise import ExerciseLabels
from cms.models import (
    ArticlePage,
    ClinicianIndexPage,
    ClinicianPage,
    DiagnosisPage,
    ExerciseIndexPage,
    ExercisePage,
    HomePage,
    RegionPage,
)


def common(page: Any, reader: Reader, *, summary: str) -> dict[str, Any]:
    return {
        "id": page.translation_key,
        "locale": page.locale.language_code,
        "title": page.title,
        "summary": summary,
        "path": reader.path(page),
    }


def article(page: ArticlePage, reader: Reader) -> ArticleCard:
    return ArticleCard(type="article", image=None, **common(page, reader, summary=page.summary))


def clinician(page: ClinicianPage, reader: Reader) -> ClinicianCard:
    values = common(page, reader, summary=page.role) | {"title": page.full_name}
    return ClinicianCard(type="clinician", image=pictures.image(page.photo, reader), **values)


def diagnosis(page: DiagnosisPage, reader: Reader) -> DiagnosisCard:
    return DiagnosisCard(
        type="diagnosis",
        synonyms=lines(page.synonyms),
        recovery=page.recovery,
        **common(page, reader, summary=page.summary),
    )


def exercise(page: ExercisePage, reader: Reader) -> ExerciseCard:
    return ExerciseCard.model_validate(
        {
            "type": "exercise",
            "kind": page.kind,
            "level": page.level,
            "position": page.position,
            "labels": labels(page),
            "dosage": page.default_dosage.sentence(),
            "image": pictures.image(page.drawing, reader),
            **common(page, reader, summary=page.summary),
        }
    )


def region(page: RegionPage, reader: Reader) -> RegionCard:
    return RegionCard(type="region", **common(page, reader, summary=page.summary))


def exercises(page: ExerciseIndexPage, reader: Reader) -> PlainCard:
    return PlainCard(type="exercises", **common(page, reader, summary=""))


def home(page: HomePage, reader: Reader) -> PlainCard:
    return PlainCard(type="home", **common(page, reader, summary=page.tagline))


def team(page: ClinicianIndexPage, reader: Reader) -> PlainCard:
    return PlainCard(type="team", **common(page, reader, summary=page.intro))


CARDS: dict[type[Page], Callable[[Any, Reader], Any]] = {
    ArticlePage: article,
    ClinicianPage: clinician,
    DiagnosisPage: diagnosis,
    ExercisePage: exercise,
    RegionPage: region,
    ExerciseIndexPage: exercises,
    HomePage: home,
    ClinicianIndexPage: team,
}


def of(page: Page, reader: Reader) -> Any:
    """The card of a page of any type."""
    return CARDS[type(page)](page, reader)


def labels(page: ExercisePage) -> ExerciseLabels:
    return ExerciseLabels(
        kind=str(page.get_kind_display()),
        level=str(page.get_level_display()),
        position=str(page.get_position_display()),
        laterality=str(page.get_laterality_display()),
    )


def lines(stream: Iterable[Any]) -> list[str]:
    return [str(block.value) for block in stream]
