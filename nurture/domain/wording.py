"""How a mail is worded: what it tells to whoever sees the inbox, and how hard it is to read."""

import re
from collections.abc import Iterable, Mapping

WORD = re.compile(r"[^\W\d_]+")
# fmt: off
HARMLESS = frozenset((
    "a", "an", "and", "after", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to",
    "with", "without", "your",
))
# fmt: on
SHORTEST = 4


def vocabulary(names: Iterable[str], *, shortest: int = SHORTEST) -> frozenset[str]:
    """The telling words of titles and synonyms: "SI joint dysfunction" gives joint, dysfunction.

    Abbreviations count whole (SI, SIJ); other short words and particles are left out.
    """
    words = (word for name in names for word in WORD.findall(name))
    return frozenset(
        word.casefold()
        for word in words
        if word.casefold() not in HARMLESS and (len(word) >= shortest or word.isupper())
    )


def telling(text: str, words: frozenset[str]) -> list[str]:
    """The words of `text` that are in the vocabulary, singular or plural, in order."""
    singular = {word.removesuffix("s") for word in words}
    return [word for word in WORD.findall(text) if word.casefold().removesuffix("s") in singular]


# ------------------------------------------------------------------ what filters stumble over

SPAM: Mapping[str, tuple[str, ...]] = {
    "en": (
        "act now", "buy now", "cash", "click here", "discount", "free", "guarantee", "guaranteed",
        "limited time", "miracle", "no risk", "offer", "prize", "urgent", "winner",
    ),
    "es": (
        "compra ya", "descuento", "garantizado", "gratis", "haz clic", "milagro", "oferta",
        "premio", "urgente",
    ),
}  # fmt: skip
SHOUTING = re.compile(r"\b[^\W\d_]{4,}\b")
EXCLAIMED = re.compile(r"!\s*!|[$€£]{2,}")


def spammy(text: str, language: str) -> list[str]:
    """What a spam filter counts against a subject line, in order."""
    triggers = SPAM.get(language.partition("-")[0], ())
    found = [word for word in triggers if re.search(rf"\b{re.escape(word)}\b", text.casefold())]
    found += [word for word in SHOUTING.findall(text) if word.isupper()]
    return found + [match.strip() for match in EXCLAIMED.findall(text)]


# ------------------------------------------------------------------ how hard it is to read

VOWELS = re.compile(r"[aeiouy]+")
SENTENCE_END = re.compile(r"[.!?:;]+(?=\s|$)")
FEWEST_WORDS = 30  # below, the formula says nothing


def grade(text: str) -> float | None:
    """The school grade that an English text needs (Flesch and Kincaid); None if it is too short."""
    words = [word.casefold() for word in WORD.findall(text)]
    if len(words) < FEWEST_WORDS:
        return None
    sentences = len(list(filter(str.strip, SENTENCE_END.split(text))))
    syllables = sum(map(syllables_of, words))
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


def syllables_of(word: str) -> int:
    """Groups of vowels, but for a silent e at the end: close enough for a hint."""
    silent = word.endswith("e") and not word.endswith(("le", "ee")) and len(word) > SHORTEST - 1
    return max(1, len(VOWELS.findall(word)) - silent)
