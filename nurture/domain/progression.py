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
