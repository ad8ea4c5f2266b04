"""What comes next in a programme, also after an editor has changed it underway."""

from collections.abc import Collection, Mapping, Sequence
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


def overtaken(
    before: Sequence[Key], after: Sequence[Key], *, back: Collection[Key] = ()
) -> set[Key]:
    """Steps of `after` that somebody may have had who stands before them.

    Something that stood behind such a step stands before it now; or it is in `back`, the steps that
    were away and are there again, or stands behind one of those.
    """
    place = {key: number for number, key in enumerate(after)}
    stayed = [key for key in before if key in place]
    passed = {
        key
        for number, key in enumerate(stayed)
        if any(place[later] < place[key] for later in stayed[number + 1 :])
    }
    first = min((place[key] for key in back if key in place), default=len(after))
    return passed | {key for key in after[first:] if key in back or key in before}


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
