"""An exercise as a row: what a file may say about it, and nothing else.

JSON holds the row as it is. In CSV a list stands in one cell, an item a line; what does not fit
into lines stands there as JSON. Either way nothing is lost on the way out and back in.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from cms.models.exercises import Kind, Laterality, Level, Position

PREFIX = "dosage_"
LINES = (
    "other_names",
    "cues",
    "contraindications",
    "precautions",
    "equipment",
    "primary_muscles",
    "secondary_muscles",
    "joints",
)
REQUIRED = ("slug", "title", "summary", "kind", "level", "position", "purpose", "steps", "stop_if")
WHOLE = _lazy("is not a whole number. Write digits only.")
NUMBER = _lazy("is not a number. Write it with a point, like 2.5.")
SAID = {
    "missing": _lazy("is missing. Fill it in."),
    "extra_forbidden": _lazy("is not known. Remove it, or correct its name."),
    "int_parsing": WHOLE,
    "int_type": WHOLE,
    "int_from_float": WHOLE,
    "float_parsing": NUMBER,
    "float_type": NUMBER,
    "union_tag_invalid": _lazy("has a type that is not known. Write picture or film."),
    "union_tag_not_found": _lazy("says no type. Write picture or film."),
    "string_pattern_mismatch": _lazy(
        "is no slug. Use small letters, digits and single hyphens, like glute-bridge."
    ),
}
YES = {"yes": True, "true": True, "1": True, "x": True, "no": False, "false": False, "0": False}


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong in one cell, and what to do."""

    column: str
    message: str


class Faults(ValueError):
    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(f"{fault.column}: {fault.message}" for fault in faults))
        self.faults = list(faults)


def printable(text: str) -> str:
    if any(ord(letter) < ord(" ") and letter not in "\t\n\r" for letter in text):
        raise ValueError("has a control character, which no text may hold. Type it again.")
    return tidy(text)


def tidy(text: str) -> str:
    """Browsers send a line's end in two letters, and spreadsheets in one."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def one_of(choices: type[TextChoices]) -> AfterValidator:
    def check(value: str) -> str:
        if value not in choices.values:
            raise ValueError(
                _("must be one of %(choices)s.") % {"choices": ", ".join(choices.values)}
            )
        return value

    return AfterValidator(check)


Text = Annotated[str, AfterValidator(printable)]
View = Literal["", "front", "side", "back", "above", "close_up"]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=255)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(Part):
    """Without a word about its picture, a step keeps the one that it has."""

    text: Text
    seconds: int | None = None
    picture: Text | None = None
    alt: Text = ""
    decorative: bool = False


class Mistake(Part):
    mistake: Text
    fix: Text


class Link(Part):
    to: Slug
    kind: Literal["progression", "regression", "variation", "substitute"]
    criterion: Text


class MediaPicture(Part):
    type: Literal["picture"]
    picture: Text
    alt: Text = ""
    view: View = ""


class Film(Part):
    type: Literal["film"]
    title: Text
    address: Text
    view: View = ""
    seconds: int | None = None
    description: Text
    transcript: Text
    author: Text
    licence: Text


class Source(Part):
    """`source` is a DOI, a PMID or a web address."""

    source: Text
    supports: Text = ""


class DosageRow(Part):
    sets_from: int | None = None
    sets_to: int | None = None
    reps_from: int | None = None
    reps_to: int | None = None
    hold_seconds: int | None = None
    duration_seconds: int | None = None
    rest_seconds: int | None = None
    side: Literal["both", "each_side", "alternating"] = "both"
    load_value: float | None = None
    load_unit: Literal["", "kg", "lb", "band", "percent_1rm", "rir", "rpe"] = ""
    tempo: Text = ""
    effort_max: int | None = None
    pain_max: int | None = None
    times: int | None = None
    per: Literal["day", "week"] = "week"
    non_consecutive: bool = False
    weeks: int | None = None


class Row(Part):
    """Columns that a file does not have stay as they are on a page that exists."""

    slug: Slug
    title: Text
    summary: Text
    kind: Annotated[Text, one_of(Kind)]
    level: Annotated[Text, one_of(Level)]
    position: Annotated[Text, one_of(Position)]
    laterality: Annotated[Text, one_of(Laterality)] = "both"
    regions: list[Slug] = []
    purpose: Text
    steps: list[Step]
    stop_if: Text
    dosage: DosageRow = DosageRow()
    cues: list[Text] = []
    mistakes: list[Mistake] = []
    contraindications: list[Text] = []
    precautions: list[Text] = []
    equipment: list[Text] = []
    home_alternative: Text = ""
    primary_muscles: list[Text] = []
    secondary_muscles: list[Text] = []
    joints: list[Text] = []
    other_names: list[Text] = []
    drawing: Text = ""
    media: list[Annotated[MediaPicture | Film, Field(discriminator="type")]] = []
    links: list[Link] = []
    citations: list[Source] = []


FIELDS = tuple(Row.model_fields)
COLUMNS = tuple(
    column
    for name in FIELDS
    for column in (
        [PREFIX + part for part in DosageRow.model_fields] if name == "dosage" else [name]
    )
)


def validated(values: Mapping[str, Any]) -> Row:
    """Raises Faults."""
    try:
        return Row.model_validate(values)
    except ValidationError as error:
        faults = [fault_of(fault) for fault in error.errors(include_url=False)]
        raise Faults(*dict.fromkeys(faults)) from None


def fault_of(fault: Any) -> Fault:
    name, *place = fault["loc"] or ("",)
    column = PREFIX + str(place.pop(0)) if name == "dosage" and place else str(name)
    where = " > ".join(f"no. {step + 1}" if isinstance(step, int) else str(step) for step in place)
    return Fault(column, ": ".join(filter(None, [where, said(fault)])))


def said(fault: Any) -> str:
    if fault["type"] == "literal_error":
        return _("must be one of %(choices)s.") % {"choices": fault["ctx"]["expected"]}
    return str(SAID.get(fault["type"]) or fault["msg"].removeprefix("Value error, "))


# ------------------------------------------------------------------ rows and cells of a CSV file


def cells(row: Row) -> dict[str, str]:
    """The row as texts, by column."""
    values = row.model_dump()
    dosage = {PREFIX + name: number(value) for name, value in values.pop("dosage").items()}
    lists = {name: value for name, value in values.items() if isinstance(value, list)}
    texts = {**values, **dosage, **{name: in_cell(name, value) for name, value in lists.items()}}
    return {column: texts[column] for column in COLUMNS}


def from_cells(texts: Mapping[str, str]) -> Row:
    """The row that the cells say. Raises Faults."""
    values: dict[str, Any] = {}
    dosage: dict[str, Any] = {}
    faults = []
    for column, text in texts.items():
        try:
            if column.startswith(PREFIX):
                dosage |= dosage_value(column.removeprefix(PREFIX), text.strip())
            else:
                values[column] = from_cell(column, text)
        except ValueError as error:
            faults.append(Fault(column, str(error)))
    if faults:
        raise Faults(*faults)
    if any(column.startswith(PREFIX) for column in texts):
        values["dosage"] = dosage
    return validated(values)


def number(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def dosage_value(name: str, text: str) -> dict[str, Any]:
    """Nothing for an empty cell, which then has its default."""
    if not text:
        return {}
    if name == "non_consecutive":
        if text.lower() not in YES:
            raise ValueError(_("must be yes or no."))
        return {name: YES[text.lower()]}
    return {name: text}


def in_cell(name: str, items: list[Any]) -> str:
    """An item a line if that says it all, else JSON."""
    text = "\n".join(as_line(name, item) for item in items)
    try:
        fits = not text.startswith("[") and from_cell(name, text) == [*map(as_said, items)]
    except ValueError:
        fits = False
    return text if fits else json.dumps(items, ensure_ascii=False)


def as_said(item: Any) -> Any:
    """What a line can say of a step that has no picture."""
    pictured = isinstance(item, dict) and item.get("picture")
    if isinstance(item, dict) and "decorative" in item and not pictured:
        return {"text": item["text"], "seconds": item["seconds"]}
    return item


def as_line(name: str, item: Any) -> str:
    match name:
        case "steps":
            seconds = f" | {item['seconds']} s" if item["seconds"] else ""
            return f"{item['text']}{seconds}"
        case "mistakes":
            return f"{item['mistake']} => {item['fix']}"
        case "links":
            return f"{item['kind']} > {item['to']}: {item['criterion']}"
        case "citations":
            return f"{item['source']} | {item['supports']}".removesuffix(" | ")
        case "media":
            return "["  # more than a line can say
    return str(item)


def from_cell(name: str, text: str) -> Any:
    """Raises ValueError with what to do."""
    if name not in (*LINES, "regions", "steps", "mistakes", "media", "links", "citations"):
        return text
    if text.startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise ValueError(
                _("begins with [ but is no JSON. Write an item a line instead.")
            ) from None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if name == "media" and lines:
        raise ValueError(_("must be JSON, as the export writes it."))
    return [from_line(name, line) for line in lines]


def from_line(name: str, line: str) -> Any:
    match name:
        case "steps":
            text, _bar, seconds = line.rpartition(" | ")
            if text and seconds.removesuffix(" s").isdecimal():
                return {"text": text, "seconds": int(seconds.removesuffix(" s"))}
            return {"text": line, "seconds": None}
        case "citations":
            source, _bar, supports = line.partition(" | ")
            return {"source": source.strip(), "supports": supports.strip()}
        case "mistakes":
            mistake, arrow, fix = line.partition(" => ")
            if not arrow:
                raise ValueError(_("write each as: what goes wrong => how to put it right"))
            return {"mistake": mistake, "fix": fix}
        case "links":
            kind, arrow, rest = line.partition(" > ")
            to, colon, criterion = rest.partition(": ")
            if not (arrow and colon):
                raise ValueError(_("write each as: progression > slug-of-the-other: when to go"))
            return {"to": to.strip(), "kind": kind.strip(), "criterion": criterion.strip()}
    return line
