"""The documents, one type for each type of page."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from cms.documents.shapes.base import (
    Alternate,
    Crumb,
    Html,
    Image,
    Path,
    Published,
    Reference,
    Review,
    Seo,
    Shape,
    Text,
)
from cms.documents.shapes.blocks import (
    ArticleBlock,
    CodeBlock,
    MediaBlock,
    MistakeBlock,
    RedFlagBlock,
    SectionBlock,
    StepBlock,
)
from cms.documents.shapes.cards import (
    AnyCard,
    ArticleCard,
    ClinicianCard,
    DiagnosisCard,
    ExerciseCard,
    RegionCard,
)
from cms.documents.shapes.exercise import (
    Dosage,
    ExerciseLabels,
    Kind,
    Laterality,
    Level,
    Position,
)


class PageDocument(Shape):
    id: Annotated[UUID, Field(description="The same in all languages, and for ever.")]
    locale: str
    title: Text
    path: Path
    breadcrumbs: list[Crumb]
    alternates: list[Alternate]
    seo: Seo
    published: Published
    structured_data: Annotated[
        dict[str, Any], Field(description="schema.org JSON-LD, for a script element.")
    ]
    included: Annotated[
        list["IncludedDocument"],
        # A factory, since clients take a member with a default for one that always comes.
        Field(
            default_factory=list,
            description="Only with `expand`: the documents that the page leads to.",
        ),
    ]


class HealthDocument(PageDocument):
    summary: Text
    notice: Annotated[Text, Field(description="Show it above the page, if there is one.")]
    review: Review
    references: list[Reference]


class ArticleDocument(HealthDocument):
    """A story for readers that brings diagnoses and exercises together."""

    type: Literal["article"]
    body: list[ArticleBlock]


class ClinicianDocument(PageDocument):
    """Somebody who treats people and answers for what our pages say."""

    type: Literal["clinician"]
    name: Text
    credentials: Text
    role: Text
    registration_body: Text
    registration_number: Text
    orcid: str
    biography: Html
    notice: Text
    image: Image | None


class Recovery(Shape):
    """`sentence` says it in months where weeks would be hard to picture."""

    weeks_from: int | None
    weeks_to: int | None
    sentence: Text
    note: Text


class FittingExercise(Shape):
    why: Text
    exercise: ExerciseCard


class DiagnosisDocument(HealthDocument):
    """What a person has, how to tell, when to worry, and what helps."""

    type: Literal["diagnosis"]
    synonyms: list[Text]
    codes: list[CodeBlock]
    who: Text
    red_flags: list[RedFlagBlock]
    sections: list[SectionBlock]
    differentials: list[Text]
    recovery: Recovery
    exercises: list[FittingExercise]
    related: Annotated[list[AnyCard], Field(description="What to read next.")]
    regions: Annotated[
        list[RegionCard], Field(description="Those that list it besides the one it stands below.")
    ]


class ExerciseLink(Shape):
    """A way to another exercise, and when to take it."""

    kind: Literal["progression", "regression", "variation", "substitute"]
    kind_label: Text
    criterion: Text
    exercise: ExerciseCard


class ExerciseDocument(HealthDocument):
    """One movement: how to do it, how much, and when to stop."""

    type: Literal["exercise"]
    other_names: list[Text]
    kind: Kind
    level: Level
    position: Position
    laterality: Laterality
    labels: ExerciseLabels
    regions: Annotated[list[RegionCard], Field(description="Those that it is for.")]
    image: Image | None
    media: Annotated[list[MediaBlock], Field(description="Other views of it.")]
    purpose: Text
    steps: list[StepBlock]
    cues: list[Text]
    mistakes: list[MistakeBlock]
    dosage: Dosage
    stop_if: Text
    contraindications: list[Text]
    precautions: list[Text]
    equipment: list[Text]
    home_alternative: Text
    primary_muscles: list[Text]
    secondary_muscles: list[Text]
    joints: list[Text]
    links: list[ExerciseLink]
    easier: Annotated[list[ExerciseCard], Field(description="By links from either side.")]
    harder: Annotated[list[ExerciseCard], Field(description="By links from either side.")]
    diagnoses: Annotated[list[DiagnosisCard], Field(description="Those that it fits.")]


class RegionDocument(HealthDocument):
    """A part of the body: what it does, and what can trouble it."""

    type: Literal["region"]
    html: Html
    snomed_code: str
    side_applies: Annotated[bool, Field(description="There is a left and a right one.")]
    image: Annotated[Image | None, Field(description="Where the region is.")]
    regions: list[RegionCard]
    diagnoses: list[DiagnosisCard]
    articles: list[ArticleCard]


class HomeDocument(PageDocument):
    """The front door: what hurts, and what to read."""

    type: Literal["home"]
    tagline: Text
    welcome: Html
    regions: list[RegionCard]
    articles: list[ArticleCard]


class ExercisesDocument(PageDocument):
    """The catalogue. Ask `exercises/` for what stands in it."""

    type: Literal["exercises"]


class TeamDocument(PageDocument):
    type: Literal["team"]
    intro: Text
    clinicians: list[ClinicianCard]


class SiteDocument(Shape):
    """What every page of a front end needs. The title is the practice's name."""

    type: Literal["site"]
    id: UUID
    locale: str
    title: Text
    address: Text
    home: Path
    navigation: list[AnyCard]
    locales: list[str]
    signup_url: str


IncludedDocument = Annotated[
    ArticleDocument | ClinicianDocument | DiagnosisDocument | ExerciseDocument | RegionDocument,
    Field(discriminator="type"),
]
AnyDocument = Annotated[
    ArticleDocument
    | ClinicianDocument
    | DiagnosisDocument
    | ExerciseDocument
    | ExercisesDocument
    | HomeDocument
    | RegionDocument
    | TeamDocument,
    Field(discriminator="type"),
]

for document in (
    ArticleDocument,
    ClinicianDocument,
    DiagnosisDocument,
    ExerciseDocument,
    ExercisesDocument,
    HomeDocument,
    RegionDocument,
    TeamDocument,
):
    document.model_rebuild()
