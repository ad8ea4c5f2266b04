"""Words that would tell a diagnosis to whoever sees the inbox over a shoulder."""

import re
from collections.abc import Iterable

WORD = re.compile(r"[^\W\d_]+")
# fmt: off
HARMLESS = frozenset((
    "a", "an", "and", "after", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to",
    "with", "without", "your",
))
# fmt: on
SHORTEST = 4


def vocabulary(names: Iterable[str]) -> frozenset[str]:
    """The telling words of titles and synonyms: "SI joint dysfunction" gives joint, dysfunction.

    Abbreviations count whole (SI, SIJ); other short words and particles are left out.
    """
    words = (word for name in names for word in WORD.findall(name))
    return frozenset(
        word.casefold()
        for word in words
        if word.casefold() not in HARMLESS and (len(word) >= SHORTEST or word.isupper())
    )


def telling(text: str, words: frozenset[str]) -> list[str]:
    """The words of `text` that are in the vocabulary, singular or plural, in order."""
    singular = {word.removesuffix("s") for word in words}
    return [word for word in WORD.findall(text) if word.casefold().removesuffix("s") in singular]
