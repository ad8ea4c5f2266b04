"""Blocks of an exercise from what a file says, and back."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from cms.admin import transfer_sources
from cms.admin.transfer_rows import Fault, Film, MediaPicture, Part, Row, Source, Step

# What a block is known again by, when others come before it or go.
KNOWN_BY = ("text", "mistake", "citation", "address", "picture")


def of_file(before: Any, kind: str, values: list[Any]) -> Any:
    """A block keeps its id, and what the file does not say, while its text or its place stays."""
    old = list(before.raw_data)
    spare = {json.dumps(words(block["value"])): block for block in reversed(old)}
    raw = []
    for position, value in enumerate(values):
        block = spare.pop(json.dumps(words(value)), None)
        if (
            block is None
            and len(old) == len(values)
            and old[position]["type"] == kind_of(kind, value)
        ):
            block = old[position]
        raw.append({**(block or {}), "type": kind_of(kind, value), "value": merged(block, value)})
    return before.stream_block.to_python(raw)


def kind_of(kind: str, value: Any) -> str:
    return kind or ("film" if "address" in value else "picture")


def words(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return next((value[name] for name in KNOWN_BY if value.get(name)), None)


def merged(block: Any, value: Any) -> Any:
    return {**block["value"], **value} if block and isinstance(value, dict) else value


# ------------------------------------------------------------------ steps with pictures


def same_steps(some: list[Step], others: list[Step]) -> bool:
    """A step of a file that does not speak of its picture leaves it as it is."""
    return len(some) == len(others) and all(map(same_step, some, others))


def same_step(new: Step, old: Step) -> bool:
    leaving_out = {"picture", "alt", "decorative"} if new.picture is None else set()
    return new.model_dump(exclude=leaving_out) == old.model_dump(exclude=leaving_out)


def shown(picture: Any) -> dict[str, Any]:
    """The picture of an image block, in the words of a row."""
    return {
        "picture": transfer_sources.picture_name(picture),
        "alt": (picture and picture.contextual_alt_text) or "",
        "decorative": bool(picture and picture.decorative),
    }


def image(name: str, *, alt: str, decorative: bool = False) -> dict[str, Any] | None:
    """As an image block keeps it. Raises Unknown."""
    found = transfer_sources.picture(name)
    return found and {"image": found.pk, "alt_text": alt, "decorative": decorative}


def step(part: Step) -> dict[str, Any]:
    value: dict[str, Any] = {"text": part.text, "seconds": part.seconds}
    if part.picture is not None:
        value["picture"] = image(part.picture, alt=part.alt, decorative=part.decorative)
    return value


def media(part: MediaPicture | Film) -> dict[str, Any]:
    if isinstance(part, Film):
        return part.model_dump(exclude={"type"})
    return {"picture": image(part.picture, alt=part.alt), "view": part.view}


def source(part: Source) -> dict[str, Any]:
    return {"citation": transfer_sources.citation(part.source).pk, "supports": part.supports}


MAKE: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "steps": ("step", step),
    "mistakes": ("mistake", Part.model_dump),
    "media": ("", media),
    "citations": ("citation", source),
}


def assign(page: Any, row: Row, name: str) -> Iterator[Fault]:
    """The blocks of one of the columns in `MAKE`, or what is wrong with which of them."""
    kind, make = MAKE[name]
    values = []
    for number, part in enumerate(getattr(row, name), 1):
        try:
            values.append(make(part))
        except transfer_sources.Unknown as error:
            yield Fault(name, f"no. {number}: {error}")
    if len(values) == len(getattr(row, name)):
        setattr(page, name, of_file(getattr(page, name), kind, values))


# ------------------------------------------------------------------ out


def rows_of(page: Any) -> dict[str, list[dict[str, Any]]]:
    """What the columns in `MAKE` say of a page."""
    return {
        "steps": [
            {"text": s.value["text"], "seconds": s.value["seconds"], **shown(s.value["picture"])}
            for s in page.steps
        ],
        "mistakes": [{"mistake": m.value["mistake"], "fix": m.value["fix"]} for m in page.mistakes],
        "media": [medium(block) for block in page.media],
        "citations": [
            {
                "source": transfer_sources.citation_name(block.value["citation"]),
                "supports": block.value["supports"] or "",
            }
            for block in page.citations
            if block.value["citation"]
        ],
    }


def medium(block: Any) -> dict[str, Any]:
    value = block.value
    if block.block_type == "picture":
        named = shown(value["picture"])
        return {
            "type": "picture",
            "picture": named["picture"],
            "alt": named["alt"],
            "view": value["view"] or "",
        }
    texts = ("title", "address", "view", "description", "author", "licence")
    return {
        "type": "film",
        **{name: value[name] or "" for name in texts},
        "seconds": value["seconds"],
        "transcript": value["transcript"].source if value["transcript"] else "",
    }
