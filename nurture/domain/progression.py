"""What comes next in a programme, also after an editor has changed it underway."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key")


def following(
    plan: Sequence[Key], last: Key | None, *, stood_after: Mapping[Key, Key | None]
) -> Key | None:
    """The first live step after the last one that the person had, or None at the end.

    `plan` is the live steps in order. A step that was removed is followed from its nearest
    surviving predecessor, which `stood_after` leads to; what stands before is not back-filled.
    """
    while last is not None and last not in plan:
        last = stood_after.get(last)
    position = -1 if last is None else plan.index(last)
    return plan[position + 1] if position + 1 < len(plan) else None


def back_to(
    plan: Sequence[Key], wanted: Key, *, stood_after: Mapping[Key, Key | None]
) -> Key | None:
    """The step that a step back leads to: the wanted one, or its nearest surviving predecessor.

    The first step if none of those is left, and None if the plan is empty.
    """
    step: Key | None = wanted
    while step is not None and step not in plan:
        step = stood_after.get(step)
    return step if step is not None else next(iter(plan), None)
