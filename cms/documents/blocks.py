"""StreamField blocks as typed objects. A block that is added to a page needs its entry here."""

from collections.abc import Callable
from typing import Any

from cms.blocks import ACTIONS
from cms.documents import cards, pictures, words
from cms.documents.reader import Reader
from cms.documents.shapes.base import Image
from cms.documents.shapes.blocks import (
    Block,
    CodeBlock,
    DiagnosesBlock,
    DiagnosisTeaser,
    ExerciseBlock,
    FilmBlock,
    MistakeBlock,
    PictureBlock,
    RedFlagBlock,
    SectionBlock,
    StepBlock,
    TextBlock,
)
from cms.media_blocks import VIEWS
from cms.models import DiagnosisPage

ACTION_LABELS = dict(ACTIONS)
PICTURED = {"picture", "step"}
VIEW_LABELS = {"": "", **dict(VIEWS)}


def red_flag(block: Any, _reader: Reader) -> RedFlagBlock:
    action = block.value["action"]
    return RedFlagBlock(
        type="red_flag",
        id=block.id,
        sign=block.value["sign"],
        action=action,
        action_label=str(ACTION_LABELS[action]),
    )


def section(block: Any, reader: Reader) -> SectionBlock:
    value = block.value
    return SectionBlock(
        type="section",
        id=block.id,
        aspect=value["aspect"],
        heading=value["heading"],
        html=words.html(value["body"].source, reader),
    )


def step(block: Any, reader: Reader) -> StepBlock:
    value = block.value
    picture = value["picture"]
    return StepBlock(
        type="step",
        id=block.id,
        text=value["text"],
        seconds=value["seconds"],
        image=image(picture, reader) if picture else None,
    )


def image(picture: Any, reader: Reader) -> Image | None:
    """The block holds a copy of its own, which knows the text for this place and nothing else."""
    known = reader.shared.pictures([picture.pk])
    return pictures.image(known.get(picture.pk), reader, alt=alt_text(picture))


def alt_text(picture: Any) -> str:
    """As Wagtail's image block gives it: for this place, not for the picture."""
    return "" if picture.decorative else str(picture.contextual_alt_text or picture.description)


def picture(block: Any, reader: Reader) -> PictureBlock | None:
    """Nothing while the picture is not for everybody."""
    value = block.value
    shown = image(value["picture"], reader) if value["picture"] else None
    if shown is None:
        return None
    return PictureBlock(type="picture", id=block.id, image=shown, **view(value))


def film(block: Any, reader: Reader) -> FilmBlock:
    value = block.value
    same = ("title", "seconds", "description", "author", "licence")
    return FilmBlock(
        type="film",
        id=block.id,
        url=value["address"],
        transcript=words.html(value["transcript"].source, reader),
        **view(value),
        **{name: value[name] for name in same},
    )


def view(value: Any) -> dict[str, Any]:
    chosen = value["view"] or ""
    return {"view": chosen, "view_label": str(VIEW_LABELS[chosen])}


def mistake(block: Any, _reader: Reader) -> MistakeBlock:
    value = block.value
    return MistakeBlock(type="mistake", id=block.id, mistake=value["mistake"], fix=value["fix"])


def code(block: Any, _reader: Reader) -> CodeBlock:
    value = block.value
    return CodeBlock(type="code", id=block.id, system=value["system"], value=value["value"])


def text(block: Any, reader: Reader) -> TextBlock:
    return TextBlock(
        type="text",
        id=block.id,
        heading=block.value["heading"] or "",
        html=words.html(block.value["body"].source, reader),
    )


def diagnoses(block: Any, reader: Reader) -> DiagnosesBlock:
    value = block.value
    shown = reader.pages(value["diagnoses"])
    reader.relate("diagnoses", shown)
    return DiagnosesBlock(
        type="diagnoses",
        id=block.id,
        heading=value["heading"],
        intro=value["intro"] or "",
        diagnoses=[teaser(page, reader) for page in shown],
    )


def teaser(page: DiagnosisPage, reader: Reader) -> DiagnosisTeaser:
    symptoms = [block for block in page.sections if block.value["aspect"] == "symptoms"]
    return DiagnosisTeaser(
        diagnosis=cards.diagnosis(page, reader),
        symptoms=section(symptoms[0], reader) if symptoms else None,
        red_flags=[red_flag(block, reader) for block in page.red_flags],
    )


def exercise(block: Any, reader: Reader) -> ExerciseBlock | None:
    """Nothing while the exercise is not for everybody."""
    page = reader.page(block.value["exercise"])
    if page is None:
        return None
    reader.relate("exercises", [page])
    return ExerciseBlock(
        type="exercise",
        id=block.id,
        note=block.value["note"] or "",
        exercise=cards.exercise(page, reader),
    )


BLOCKS: dict[str, Callable[[Any, Reader], Block | None]] = {
    "code": code,
    "diagnoses": diagnoses,
    "exercise": exercise,
    "film": film,
    "mistake": mistake,
    "picture": picture,
    "red_flag": red_flag,
    "section": section,
    "step": step,
    "text": text,
}


def stream(blocks: Any, reader: Reader) -> list[Any]:
    load_pictures(blocks, reader)
    made = [BLOCKS[block.block_type](block, reader) for block in blocks]
    return [block for block in made if block is not None]


def load_pictures(blocks: Any, reader: Reader) -> None:
    """Those of all blocks at once. The blocks hold these very exercises."""
    exercises = [block.value["exercise"] for block in blocks if block.block_type == "exercise"]
    own = [block.value["picture"] for block in blocks if block.block_type in PICTURED]
    drawings = [page.drawing_id for page in exercises if page and page.drawing_id]
    reader.shared.pictures([*drawings, *(picture.pk for picture in own if picture)])
    reader.shared.attach("drawing", filter(None, exercises))
