"""Which exercise is a step up from which. A ladder never leads back to where it began."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias
from uuid import UUID

PROGRESSION, REGRESSION = "progression", "regression"

Rungs: TypeAlias = Mapping[int, set[int]]


class Version(NamedTuple):
    """An exercise in one language."""

    page: int
    key: UUID  # the same in all languages
    locale: int
    live: bool


def standing_for(versions: Iterable[Version], locale: int | None) -> dict[int, int]:
    """Which page stands for which where people read in `locale`: the live one in that language, or
    else the first that is live. Those of an exercise that is live nowhere are left out."""
    versions = list(versions)
    chosen: dict[UUID, Version] = {}
    for version in versions:
        best = chosen.get(version.key)
        if version.live and (best is None or best.locale != locale == version.locale):
            chosen[version.key] = version
    return {one.page: chosen[one.key].page for one in versions if one.key in chosen}


def rungs(links: Iterable[tuple[int, int, str]]) -> dict[int, set[int]]:
    """From links (from, to, kind) to: which exercises are the next step up from each."""
    ups: dict[int, set[int]] = {}
    for here, there, kind in links:
        if kind == PROGRESSION:
            ups.setdefault(here, set()).add(there)
        if kind == REGRESSION:
            ups.setdefault(there, set()).add(here)
    return ups


def upside_down(ups: Rungs) -> dict[int, set[int]]:
    """The next steps down from each."""
    downs: dict[int, set[int]] = {}
    for easier, harder in ((low, high) for low, highs in ups.items() for high in highs):
        downs.setdefault(harder, set()).add(easier)
    return downs


def above(ups: Rungs, start: int) -> list[int]:
    """Everything that can be reached by going up, the nearest first."""
    reached: dict[int, None] = {}
    level = {start}
    while level:
        level = {next_ for here in level for next_ in ups.get(here, ())} - reached.keys()
        reached.update(dict.fromkeys(sorted(level)))
    return list(reached)


def in_order(ups: Rungs, members: Iterable[int]) -> list[int]:
    """The members so that no step goes down; where that leaves a choice, the smaller number."""
    left = set(members)
    downs = upside_down(ups)
    order: list[int] = []
    while left:
        free = sorted(one for one in left if not downs.get(one, set()) & left)
        order += free[:1] or sorted(left)[:1]  # there is always a free one, unless in a loop
        left.discard(order[-1])
    return order


def closing(ups: Rungs, links: Iterable[tuple[int, int, str]]) -> list[int]:
    """The positions of the links that make a loop of a ladder: those that do so alone, or if none
    does, those that do so together."""
    links = list(links)
    alone = [n for n, link in enumerate(links) if on_a_loop(both(ups, rungs([link])), link)]
    together = both(ups, rungs(links))
    return alone or [n for n, link in enumerate(links) if on_a_loop(together, link)]


def both(some: Rungs, others: Rungs) -> dict[int, set[int]]:
    return {low: {*some.get(low, ()), *others.get(low, ())} for low in {*some, *others}}


def on_a_loop(ups: Rungs, link: tuple[int, int, str]) -> bool:
    return any(low in {*highs, *above(ups, min(highs))} for low, highs in rungs([link]).items())
