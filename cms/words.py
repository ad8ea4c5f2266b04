"""What somebody types into a search box, and which known words they may mean. Plain Python."""

import re
import unicodedata
from collections.abc import Collection

MAX_LENGTH = 200  # characters
MAX_WORDS = 8
ALIKE = (
    0.42  # of the trigrams; a wrong letter in the middle of a word of seven leaves about so many
)
MEANT = 3  # how many known words may stand for an unknown one

WORD = re.compile(r"[^\W_]+")


class TooLong(ValueError):
    """More than anybody types who looks for something."""


def read(text: str) -> list[str]:
    """The words of a query in lower case, each once, eight at most. Raises TooLong.

    Letters and digits only: neither signs of a query language nor a NUL reach the database.
    """
    if len(text) > MAX_LENGTH:
        raise TooLong
    plain = unicodedata.normalize("NFC", text).lower()
    return list(dict.fromkeys(WORD.findall(plain)))[:MAX_WORDS]


def trigrams(word: str) -> frozenset[str]:
    """As PostgreSQL's pg_trgm cuts a word: two blanks before it, one after."""
    padded = f"  {word} "
    return frozenset(padded[place : place + 3] for place in range(len(padded) - 2))


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """From 0 to 1: twice what they share, of what both have."""
    return 2 * len(one & other) / (len(one) + len(other))


def meant(word: str, known: Collection[str]) -> list[str]:
    """The few known words that are most like `word`, the likest first."""
    own = trigrams(word)
    near = [each for each in known if abs(len(each) - len(word)) <= max(1, len(word) // 3)]
    scored = sorted((-likeness(own, trigrams(each)), each) for each in near)
    return [each for score, each in scored[:MEANT] if -score >= ALIKE]
