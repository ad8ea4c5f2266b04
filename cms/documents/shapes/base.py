from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """A value that never changes. A field without a default stands in every answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Fraction = Annotated[float, Field(ge=0, le=1)]
Text = Annotated[str, Field(description="Plain text, not HTML.")]
Html = Annotated[
    str,
    Field(
        description="Clean HTML: p, ul, ol, li, a, b, strong, i, em and br, no other attribute "
        "than href. Links to pages are paths of this site."
    ),
]
Path = Annotated[
    str, Field(description="Where the page stands on the site.", examples=["/hip/sore-hip/"])
]
Colour = Annotated[str, Field(pattern="^#[0-9a-f]{6}$", examples=["#17404f"])]


class FocalPoint(Shape):
    """What must stay visible when the picture is cropped: its middle and its size, as fractions."""

    x: Fraction
    y: Fraction
    width: Fraction
    height: Fraction


class Rendition(Shape):
    format: Literal["avif", "webp", "jpeg", "svg"]
    url: str
    width: int
    height: int


class Image(Shape):
    """A picture in several formats and sizes, the best format first and the smallest size first.

    Put all of them into a `picture` element, or use `url` alone: every browser shows it.
    """

    url: str
    width: int
    height: int
    alt: Annotated[Text, Field(description="Empty if the picture is decoration.")]
    focal_point: FocalPoint | None
    colour: Annotated[Colour | None, Field(description="The dominant colour, for a placeholder.")]
    author: Text
    licence: Text
    renditions: list[Rendition]


class Crumb(Shape):
    title: Text
    path: Path


class Alternate(Shape):
    """The same page in another language."""

    locale: str
    title: Text
    path: Path


class Person(Shape):
    """Somebody who wrote or reviewed. Without `id` and `path` there is no page about them."""

    id: UUID | None
    name: Text
    path: str | None


class Review(Shape):
    """What a clinician's look at the page is worth. Compare `next_due` with today yourself."""

    last_reviewed: date | None
    next_due: date | None
    changed_since: Annotated[bool, Field(description="Whether the text changed since then.")]
    reviewed_by: list[Person]
    written_by: Person | None


class Reference(Shape):
    """A published source, and which statement of the page rests on it."""

    kind: Literal["article", "guideline", "book", "website", "other"]
    title: Text
    authors: Text
    year: int
    journal: Text
    doi: str | None
    pmid: str | None
    url: str
    evidence_level: Literal["A", "B", "C", ""]
    study_design: Literal[
        "review",
        "trial",
        "cohort",
        "case_control",
        "cross_section",
        "cases",
        "consensus",
        "opinion",
        "",
    ]
    supports: Text


class Seo(Shape):
    title: Text
    description: Text


class Published(Shape):
    first: datetime | None
    last: datetime | None
