"""What the files must look like. A fault names its file and place."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from django.conf import settings
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

EXERCISES = "exercises.yaml"
PAGES = "pages.yaml"
DRAWINGS = "drawings"

Text = Annotated[str, Field(min_length=1)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Range = tuple[int, int]


class SampleError(Exception):
    """What is wrong with the files, in one line, with file and place."""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Load(Strict):
    value: float
    unit: Literal["kg", "lb", "band", "percent_1rm", "rir", "rpe"]


class Dosage(Strict):
    sets: Range | None = None
    reps: Range | None = None
    hold_seconds: int | None = None
    duration_seconds: int | None = None
    rest_seconds: int | None = None
    side: Literal["both", "each_side", "alternating"] = "both"
    load: Load | None = None
    tempo: str = ""
    effort_max: int | None = None
    pain_max: int | None = None
    times: int | None = None
    per: Literal["day", "week"] = "week"
    non_consecutive: bool = False
    weeks: int | None = None

    def block(self) -> dict[str, Any]:
        """The values of a `DosageBlock`."""
        values = self.model_dump(exclude={"sets", "reps", "load"})
        for name, span in (("sets", self.sets), ("reps", self.reps)):
            values[f"{name}_from"], values[f"{name}_to"] = span or (None, None)
        values["load_value"] = self.load and self.load.value
        values["load_unit"] = self.load.unit if self.load else ""
        return values


class Mistake(Strict):
    mistake: Text
    fix: Text


class Link(Strict):
    to: Slug
    kind: Literal["progression", "regression", "variation", "substitute"]
    criterion: Text


class Named(Strict):
    """A page. Others name it by its key: its slug in the main folder, also in a translation."""

    slug: Slug
    translates: Slug | None = None

    @property
    def key(self) -> str:
        return self.translates or self.slug


class Exercise(Named):
    title: Text
    summary: Text
    aliases: list[Text] = []
    kind: Text
    level: Text
    position: Text
    laterality: Literal["both", "each_side", "alternating"] = "both"
    equipment: list[Text] = []
    home_alternative: str = ""
    primary_muscles: list[Text] = []
    secondary_muscles: list[Text] = []
    joints: list[Text] = []
    purpose: Text
    steps: Annotated[list[Text], Field(min_length=1)]
    cues: list[Text] = []
    mistakes: list[Mistake] = []
    contraindications: list[Text] = []
    precautions: list[Text] = []
    stop_if: Text
    dosage: Dosage
    drawing: str = ""
    drawing_alt: Annotated[str, Field(max_length=255)] = ""
    links: list[Link] = []


class Code(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    system: Literal["ICD-10-CM", "ICD-11", "SNOMED CT"]
    value: Text


class Section(Strict):
    aspect: Text
    heading: Text
    body: Text


class RedFlag(Strict):
    sign: Text
    action: Literal["emergency", "urgent", "routine"]


class Reason(Strict):
    exercise: Slug
    why: Text


class Diagnosis(Named):
    title: Text
    synonyms: list[Text] = []
    codes: list[Code] = []
    summary: Text
    who: str = ""
    sections: list[Section]
    red_flags: Annotated[list[RedFlag], Field(min_length=1)]
    differentials: list[Text] = []
    recovery_weeks: Range | None = None
    recovery_note: str = ""
    exercises: list[Reason] = []
    related: list[Slug] = []  # diagnoses and the article of the file


class TextPart(Strict):
    type: Literal["text"]
    heading: str = ""
    html: Text


class DiagnosesPart(Strict):
    """Without a list of its own it shows all diagnoses of the file."""

    type: Literal["diagnoses"]
    heading: Text
    intro: str = ""
    diagnoses: list[Slug] = []


class ExercisePart(Strict):
    type: Literal["exercise"]
    exercise: Slug
    note: str = ""


Part = Annotated[TextPart | DiagnosesPart | ExercisePart, Field(discriminator="type")]


class Article(Named):
    title: Text
    summary: Text
    body: list[Part]


class Clinician(Named):
    name: Text
    credentials: str = ""
    role: str = ""
    biography: str = ""
    notice: str = ""


class Citation(Strict):
    """`supports` says which diagnosis shows it, and for what."""

    key: Slug
    kind: Literal["article", "guideline", "book", "website", "other"] = "article"
    title: Text
    authors: Text
    year: int
    journal: str = ""
    doi: Text
    pmid: str = ""
    evidence_level: Literal["", "A", "B", "C"] = ""
    study_design: str = ""
    supports: dict[Slug, Text] = {}


class Index(Strict):
    """A page that lists what is below it."""

    slug: Slug
    title: Text


class Home(Strict):
    slug: Slug = "home"
    title: Text
    tagline: Text
    welcome: str = ""


class Region(Named):
    title: Text
    snomed: str = ""
    side_applies: bool = False
    diagram: str = ""
    diagram_alt: Annotated[str, Field(max_length=255)] = ""
    summary: Text
    body: str = ""


Listed = TypeVar("Listed", Exercise, Diagnosis)


def without_doubles(named: list[Listed]) -> list[Listed]:
    for key in ("slug", "title", "key"):
        seen: set[str] = set()
        for item in named:
            value = getattr(item, key)
            if value in seen:
                raise ValueError(f"two have the {key} {value!r}")
            seen.add(value)
    return named


class ExercisesFile(Strict):
    exercises: list[Exercise]

    @field_validator("exercises")
    @classmethod
    def _no_doubles(cls, value: list[Exercise]) -> list[Exercise]:
        return without_doubles(value)


class PagesFile(Strict):
    site: Home
    notice: str = ""
    team: Index = Index(slug="team", title="Our team")
    catalogue: Index = Index(slug="exercises", title="Exercises")
    clinicians: list[Clinician] = []  # the first is the author of all pages
    citations: list[Citation] = []
    region: Region
    diagnoses: list[Diagnosis]
    article: Article | None = None

    @field_validator("diagnoses")
    @classmethod
    def _no_doubles(cls, value: list[Diagnosis]) -> list[Diagnosis]:
        return without_doubles(value)


class Content(Strict):
    """Both files and the folder they come from. Every name and drawing that is used exists.

    `language` is empty for the main folder; what is in another translates it.
    """

    folder: Path
    drawings: Path
    language: str = ""
    pages: PagesFile
    exercises: list[Exercise]

    def drawing(self, name: str) -> Path:
        return self.drawings / name


def read(folder: Path) -> Content:
    """Raises SampleError."""
    return _read(folder, drawings=folder / DRAWINGS)


def read_translations(folder: Path) -> Iterator[Content]:
    """From the folders below that are named as one of our languages. They share the drawings."""
    for language, _name in settings.LANGUAGES:
        if language != settings.LANGUAGE_CODE and (folder / language / PAGES).is_file():
            yield _read(folder / language, drawings=folder / DRAWINGS, language=language)


def _read(folder: Path, *, drawings: Path, language: str = "") -> Content:
    exercises = _parse(folder / EXERCISES, ExercisesFile)
    pages = _parse(folder / PAGES, PagesFile)
    content = Content(
        folder=folder,
        drawings=drawings,
        language=language,
        pages=pages,
        exercises=exercises.exercises,
    )
    _check_names(content)
    return content


File = TypeVar("File", ExercisesFile, PagesFile)


def _parse(path: Path, model: type[File]) -> File:
    try:
        return model.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SampleError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SampleError(f"{path}: is not UTF-8") from None
    except yaml.YAMLError as error:
        raise SampleError(f"{path}: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = " > ".join(_ordinal(part) for part in fault["loc"]) or "the whole file"
        reason = fault["msg"].removeprefix("Value error, ")
        raise SampleError(f"{path}: {place}: {reason}") from None


def _ordinal(part: int | str) -> str:
    """Lists count from 1, as people do."""
    return f"no. {part + 1}" if isinstance(part, int) else part


def _check_names(content: Content) -> None:
    exercises = {exercise.key for exercise in content.exercises}
    diagnoses = {diagnosis.key for diagnosis in content.pages.diagnoses}
    for exercise in content.exercises:
        _check_exercise(exercise, content, others=exercises - {exercise.key})
    for diagnosis in content.pages.diagnoses:
        place = f"{content.folder / PAGES}: {diagnosis.slug} > exercises"
        _known([reason.exercise for reason in diagnosis.exercises], exercises, place)
        place = f"{content.folder / PAGES}: {diagnosis.slug} > related"
        article = content.pages.article
        others = diagnoses - {diagnosis.key} | ({article.key} if article else set())
        _known(diagnosis.related, others, place)
    place = f"{content.folder / PAGES}: {content.pages.region.slug} > diagram"
    _check_drawing(content.pages.region.diagram, content, place)
    for citation in content.pages.citations:
        place = f"{content.folder / PAGES}: {citation.key} > supports"
        _known(list(citation.supports), diagnoses, place)
    article = content.pages.article
    place = f"{content.folder / PAGES}: {article.slug if article else ''} > body"
    for part in article.body if article else []:
        if isinstance(part, ExercisePart):
            _known([part.exercise], exercises, place)
        if isinstance(part, DiagnosesPart):
            _known(part.diagnoses, diagnoses, place)


def _check_exercise(exercise: Exercise, content: Content, *, others: set[str]) -> None:
    place = f"{content.folder / EXERCISES}: {exercise.slug}"
    _known([link.to for link in exercise.links], others, f"{place} > links")
    _check_drawing(exercise.drawing, content, f"{place} > drawing")


def _check_drawing(name: str, content: Content, place: str) -> None:
    if name and not content.drawing(name).is_file():
        raise SampleError(f"{place}: there is no {content.drawing(name)}")


def _known(slugs: list[str], known: set[str], place: str) -> None:
    for slug in slugs:
        if slug not in known:
            raise SampleError(f"{place}: there is no other {slug!r}")
