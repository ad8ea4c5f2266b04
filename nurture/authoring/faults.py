"""What is wrong with a sequence, where, and how much it matters."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail import blocks
from wagtail.blocks.list_block import ListBlockValidationError
from wagtail.blocks.stream_block import StreamBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError

Place = tuple[int | str, ...]


class Weight(StrEnum):
    ERROR = "error"  # keeps the sequence from going live
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Fault:
    """`place` leads through the stream: step, field, block in the body, field, ..., from 0."""

    place: Place
    text: str
    weight: Weight = Weight.ERROR

    @property
    def step(self) -> int:
        """The step's number as people count."""
        return int(self.place[0]) + 1

    def __str__(self) -> str:
        return f"{_('Step')} {self.step}: {self.text}"


class CannotCompile(ValidationError):
    """A sequence that must not go out as it is. Each message names its step."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = list(faults)
        super().__init__([str(fault) for fault in self.faults])


def at_their_fields(block: Any, value: Any, faults: Mapping[Place, str]) -> ValidationError:
    """The faults as Wagtail's own nested error of this block, so that each shows at its field."""
    if () in faults:
        return ValidationError(faults[()])
    inner: dict[int | str, ValidationError] = {}
    for name in dict.fromkeys(place[0] for place in faults):
        below = {place[1:]: text for place, text in faults.items() if place[0] == name}
        inner[name] = at_their_fields(*child_of(block, value, name), below)
    kind: type[ValidationError] = StructBlockValidationError
    if isinstance(block, blocks.BaseStreamBlock):
        kind = StreamBlockValidationError
    elif isinstance(block, blocks.ListBlock):
        kind = ListBlockValidationError
    return kind(block_errors=inner)  # type: ignore[call-arg]


def besides(faults: list[Fault], others: Iterable[Fault]) -> list[Fault]:
    """These, and those others about whose field none of these says anything."""
    told = [fault.place for fault in faults]

    def is_new(fault: Fault) -> bool:
        return not any(fault.place[: len(place)] == place for place in told)

    return [*faults, *filter(is_new, others)]


def told_by(error: ValidationError, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """The other way round: each message of a block's nested error, with its place."""
    below = getattr(error, "block_errors", None)
    if below is None:
        yield from ((place, text) for text in error.messages)
        return
    for own in getattr(error, "non_block_errors").as_data():  # noqa: B009 - no type has both
        yield from ((place, text) for text in own.messages)
    for name, inner in below.items():
        yield from told_by(inner, (*place, name))


def child_of(block: Any, value: Any, name: int | str) -> tuple[Any, Any]:
    """The block below and its value."""
    match block:
        case blocks.BaseStreamBlock():
            return value[name].block, value[name].value
        case blocks.ListBlock():
            return block.child_block, value[name]
    return block.child_blocks[name], value[name]
