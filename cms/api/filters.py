"""What lists can be filtered by: a name, operators, and the SQL that asks the documents."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

from cms.documents.shapes.exercise import Kind, Level, Position
from cms.models.documents import DocumentType

MOST_VALUES = 20
LONGEST = 100

YEARS = range(1900, 2200)


def in_utc(moment: datetime) -> datetime:
    """Python takes years and offsets that PostgreSQL refuses."""
    if moment.year not in YEARS:
        raise ValueError("This is not in our time.")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(in_utc)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST, pattern=r"^[^\x00]+$")]
CONTAINS = "EXISTS (SELECT FROM unnest(document.facets) AS facet WHERE facet LIKE %s)"


def separated(value: Any) -> Any:
    """A list is written with commas. Ninja gives a text, or a list of the one text."""
    text = value[0] if isinstance(value, list) and len(value) == 1 else value
    return text.split(",") if isinstance(text, str) else text


@dataclass(frozen=True, slots=True)
class Filter:
    """`type` is what one value must be. Every operator becomes a parameter of its own."""

    name: str
    type: Any
    operators: tuple[str, ...]
    about: str

    def parameters(self) -> Mapping[str, tuple[Any, Any]]:
        return {
            self.parameter(operator): (self.annotation(operator), Field(None, description=told))
            for operator in self.operators
            for told in [f"{self.about} {TOLD[operator]}"]
        }

    def parameter(self, operator: str) -> str:
        return self.name if operator == "eq" else f"{self.name}__{operator}"

    def annotation(self, operator: str) -> Any:
        if operator == "in":
            many = Annotated[list[self.type], Field(max_length=MOST_VALUES)]  # type: ignore[name-defined]
            return Annotated[many | None, BeforeValidator(separated)]
        return (Word if operator == "contains" else self.type) | None

    def condition(self, operator: str, value: Any) -> tuple[str, Any]:
        """SQL with one placeholder, and its value."""
        if self.name in COLUMNS:
            return f"document.{COLUMNS[self.name]} {SQL[operator]} %s", value
        if self.name == "title":
            return "document.title ILIKE %s", f"%{escaped(value)}%"
        if operator == "contains":
            return CONTAINS, f"{self.name}:%{escaped(self.stored(value))}%"
        values = value if operator == "in" else [value]
        return "document.facets && %s::text[]", [f"{self.name}:{self.stored(v)}" for v in values]

    def stored(self, value: Any) -> str:
        return str(value).casefold() if self.name in LOWERED else str(value)


TOLD = {
    "eq": "Equal to this.",
    "in": f"One of these, separated by commas, at most {MOST_VALUES}.",
    "contains": "Contains these letters, in upper or lower case.",
    "gte": "From this moment on.",
    "lte": "Up to this moment.",
}
SQL = {"gte": ">=", "lte": "<="}
COLUMNS = {"last_reviewed": "last_reviewed", "last_published": "last_published_at"}
LOWERED = {"equipment", "muscle", "joint"}
ONE, MANY, RANGE = ("eq", "in"), ("eq", "in", "contains"), ("gte", "lte")


def escaped(text: str) -> str:
    """For LIKE, where % and _ mean something."""
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


PAGES = (
    Filter("slug", Word, ONE, "The last part of the path."),
    Filter("title", Word, ("contains",), "The title."),
    Filter("last_published", Moment, RANGE, "When the page was last published."),
)
HEALTH = (*PAGES, Filter("last_reviewed", date, RANGE, "When a clinician last reviewed the page."))
REGION = Filter("region", UUID, ONE, "The id of a region that it belongs to.")
DIAGNOSIS = Filter("diagnosis", UUID, ONE, "The id of a diagnosis that it is about or good for.")
EXERCISE = Filter("exercise", UUID, ONE, "The id of an exercise that it shows.")

FILTERS: dict[DocumentType, tuple[Filter, ...]] = {
    DocumentType.ARTICLE: (*HEALTH, REGION, DIAGNOSIS, EXERCISE),
    DocumentType.CLINICIAN: PAGES,
    DocumentType.DIAGNOSIS: (
        *HEALTH,
        REGION,
        EXERCISE,
        Filter("code", Word, ONE, "A code, such as M53.3."),
    ),
    DocumentType.EXERCISE: (
        *HEALTH,
        REGION,
        DIAGNOSIS,
        Filter("kind", Kind, ONE, "The kind."),
        Filter("level", Level, ONE, "How demanding it is."),
        Filter("position", Position, ONE, "The position that it is done in."),
        Filter("equipment", Word, MANY, "What it needs."),
        Filter("muscle", Word, MANY, "A muscle that works, primary or secondary."),
        Filter("joint", Word, MANY, "A joint that moves or is held steady."),
    ),
    DocumentType.REGION: (*HEALTH, REGION),
}


def conditions(filters: Iterable[Filter], given: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The SQL of the parameters that were given."""
    return [
        each.condition(operator, value)
        for each in filters
        for operator in each.operators
        if (value := given.get(each.parameter(operator))) is not None
    ]
