"""Which exercise somebody gets who declared that the usual one is not for them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Self

Choice = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """One exercise that could stand in a slot, and what people declare who must not do it."""

    page_id: int
    not_for: frozenset[str]

    def as_json(self) -> dict[str, Any]:
        return {"page": self.page_id, "not_for": sorted(self.not_for)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(data["page"], frozenset(data["not_for"]))


Slot = Sequence[Option]  # in the order of preference; the first is the one the editor chose


def choose(slots: Collection[Slot], declared: Collection[str]) -> Choice | None:
    """For each slot the first option that fits; None if there is one in which nothing fits.

    None means that a person must look: the mail is neither sent as it is nor dropped.
    """
    tags = frozenset(declared)
    choice = []
    for slot in slots:
        fitting = (n for n, option in enumerate(slot) if not option.not_for & tags)
        position = next(fitting, None)
        if position is None:
            return None
        choice.append(position)
    return tuple(choice)


def reachable(slots: Collection[Slot]) -> Iterator[Choice]:
    """Every choice that some set of tags leads to, each once; the usual one comes first."""
    tags = sorted({tag for slot in slots for option in slot for tag in option.not_for})
    seen: set[Choice] = set()
    for size in range(len(tags) + 1):
        for declared in combinations(tags, size):
            choice = choose(slots, declared)
            if choice is not None and choice not in seen:
                seen.add(choice)
                yield choice


def key(choice: Choice) -> str:
    """How a choice is stored with the mail. Empty for the usual exercises."""
    return ".".join(map(str, choice)) if any(choice) else ""
