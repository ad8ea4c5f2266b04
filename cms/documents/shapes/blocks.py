"""The StreamField blocks. `type` tells which; `id` stays the same while a block is edited."""

from typing import Annotated, Literal

from pydantic import Field

from cms.documents.shapes.base import Html, Image, Shape, Text
from cms.documents.shapes.cards import DiagnosisCard, ExerciseCard

Aspect = Literal[
    "overview",
    "symptoms",
    "causes",
    "risk_factors",
    "diagnosis",
    "treatment",
    "self_care",
    "prognosis",
    "prevention",
    "getting_help",
]


class Block(Shape):
    id: str


class RedFlagBlock(Block):
    """A sign that needs somebody's help, and how fast. Show these first."""

    type: Literal["red_flag"]
    sign: Text
    action: Literal["emergency", "urgent", "routine"]
    action_label: Text


class SectionBlock(Block):
    type: Literal["section"]
    aspect: Aspect
    heading: Text
    html: Html


class StepBlock(Block):
    type: Literal["step"]
    text: Text
    seconds: int | None
    image: Image | None


View = Literal["front", "side", "back", "above", "close_up", ""]


class PictureBlock(Block):
    """Another view of an exercise. The alternative text was written for this place."""

    type: Literal["picture"]
    view: View
    view_label: Text
    image: Image


class FilmBlock(Block):
    """A film on another site. `description` is for people who cannot see it."""

    type: Literal["film"]
    view: View
    view_label: Text
    title: Text
    url: str
    seconds: int | None
    description: Text
    transcript: Html
    author: Text
    licence: Text


MediaBlock = Annotated[PictureBlock | FilmBlock, Field(discriminator="type")]


class MistakeBlock(Block):
    type: Literal["mistake"]
    mistake: Text
    fix: Text


class CodeBlock(Block):
    type: Literal["code"]
    system: Literal["ICD-10-CM", "ICD-11", "SNOMED CT"]
    value: str


class TextBlock(Block):
    type: Literal["text"]
    heading: Text
    html: Html


class DiagnosisTeaser(Shape):
    """A diagnosis inside an article: its summary, its symptoms and its warning signs."""

    diagnosis: DiagnosisCard
    symptoms: SectionBlock | None
    red_flags: list[RedFlagBlock]


class DiagnosesBlock(Block):
    type: Literal["diagnoses"]
    heading: Text
    intro: Text
    diagnoses: list[DiagnosisTeaser]


class ExerciseBlock(Block):
    """A card of an exercise. `note`, if there is one, takes the place of its summary."""

    type: Literal["exercise"]
    note: Text
    exercise: ExerciseCard


ArticleBlock = Annotated[TextBlock | DiagnosesBlock | ExerciseBlock, Field(discriminator="type")]
