"""Summaries: what lists show, and what a page says about the pages that it leads to."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from cms.documents.shapes.base import Image, Path, Shape, Text
from cms.documents.shapes.exercise import ExerciseLabels, Kind, Level, Position


class Card(Shape):
    id: Annotated[UUID, Field(description="The same in all languages, and for ever.")]
    locale: str
    title: Text
    summary: Text
    path: Path


class ArticleCard(Card):
    type: Literal["article"]
    image: Image | None


class ClinicianCard(Card):
    """The title is the name with its credentials, the summary what the person does."""

    type: Literal["clinician"]
    image: Image | None


class DiagnosisCard(Card):
    type: Literal["diagnosis"]
    synonyms: list[Text]
    recovery: Text


class ExerciseCard(Card):
    type: Literal["exercise"]
    kind: Kind
    level: Level
    position: Position
    labels: ExerciseLabels
    dosage: Annotated[Text, Field(description="The dosage as a sentence.")]
    image: Image | None


class RegionCard(Card):
    type: Literal["region"]


class PlainCard(Card):
    """A page that only leads to others."""

    type: Literal["exercises", "home", "team"]


AnyCard = Annotated[
    ArticleCard | ClinicianCard | DiagnosisCard | ExerciseCard | RegionCard | PlainCard,
    Field(discriminator="type"),
]
