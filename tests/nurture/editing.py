"""What the editor's form of a sequence posts: the same as a browser, from the values of a draft."""

from typing import Any

from django.db.models import Model
from wagtail import blocks
from wagtail.images.blocks import ImageBlock

from nurture.models import Sequence

PLAIN = ("title", "goal", "what_to_expect", "notice", "frequency_class", "start_on", "goal_event")
TICKED = ("weekdays", "asks", "exit_on")
STREAMS = ("entry", "steps")


def form_data(sequence: Sequence, **changes: Any) -> dict[str, Any]:
    """All fields of the form; `changes` by the name of a control, such as "steps-0-value-name"."""
    data: dict[str, Any] = {name: getattr(sequence, name) for name in PLAIN}
    data |= {name: list(getattr(sequence, name)) for name in TICKED}
    data |= {"diagnosis": sequence.diagnosis_id, "comments-TOTAL_FORMS": "0"}
    data |= {"opens": str(sequence.opens), "closes": str(sequence.closes)}
    for name in STREAMS:
        stream = getattr(sequence, name)
        data |= controls(stream.stream_block, stream, name)
    return {name: "" if value is None else value for name, value in {**data, **changes}.items()}


def controls(block: Any, value: Any, name: str) -> dict[str, Any]:
    """The controls of a block, by name."""
    match block:
        case ImageBlock():
            alt = {f"{name}-decorative": "on"} if value.decorative else {}
            return {f"{name}-image": value.pk, f"{name}-alt_text": value.contextual_alt_text, **alt}
        case blocks.BaseStreamBlock():
            rows = [
                (
                    f"{name}-{at}",
                    child.block,
                    child.value,
                    {"type": child.block_type, "id": child.id},
                )
                for at, child in enumerate(value)
            ]
            return listed(name, rows)
        case blocks.ListBlock():
            rows = [
                (f"{name}-{at}", block.child_block, child.value, {"id": child.id})
                for at, child in enumerate(value.bound_blocks)
            ]
            return listed(name, rows)
        case blocks.BaseStructBlock():
            data: dict[str, Any] = {}
            for key, child in block.child_blocks.items():
                data |= controls(child, value[key], f"{name}-{key}")
            return data
    return control(block, value, name)


def listed(name: str, rows: list[tuple[str, Any, Any, dict[str, Any]]]) -> dict[str, Any]:
    data: dict[str, Any] = {f"{name}-count": len(rows)}
    for at, (prefix, block, value, more) in enumerate(rows):
        data |= {f"{prefix}-{key}": one for key, one in more.items()}
        data |= {f"{prefix}-deleted": "", f"{prefix}-order": at}
        data |= controls(block, value, f"{prefix}-value")
    return data


def control(block: Any, value: Any, name: str) -> dict[str, Any]:
    if isinstance(value, Model):
        return {name: value.pk}
    if isinstance(value, bool):
        return {name: "on"} if value else {}
    return {name: block.get_form_state(value)}
