"""Merge fields: `{{first_name}}` in what an editor wrote becomes a person's value.

This is substitution, not a template language: a field is a name from a fixed list, a value is
escaped for the place it goes to, and what a value contains is never looked at again.
"""

import html
import re
from collections.abc import Callable, Iterable, Mapping

from nurture.domain import clicks

# One way to match only: a pattern that could divide spaces in many ways takes minutes for some.
FIELD = re.compile(r"\{\{([^{}]*)\}\}")
FALLBACKS = {"first_name": "there"}
EDITORS_FIELDS = frozenset(FALLBACKS)
MAXIMUM_ANSWERS = 9
# One link for each answer of a check-in, in the order of the rules: the first is checkin_url_1.
CHECK_IN_FIELDS = {f"checkin_url_{number}": number for number in range(1, MAXIMUM_ANSWERS + 1)}
SYSTEM_FIELDS = frozenset({"unsubscribe_url", "preferences_url", *CHECK_IN_FIELDS, *clicks.FIELDS})
FIELDS = EDITORS_FIELDS | SYSTEM_FIELDS
# A field, and after a bar what an editor wants said to those who gave no value: plain words only.
EDITED = re.compile(rf"({'|'.join(sorted(EDITORS_FIELDS))})(\s*\|\s*[\w -]{{1,40}})?")


class UnknownField(ValueError):
    """An editor's text names a field that does not exist."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = sorted(names)
        allowed = ", ".join(f"{{{{{name}}}}}" for name in sorted(EDITORS_FIELDS))
        wrong = ", ".join(f"{{{{{name}}}}}" for name in self.names)
        super().__init__(f"{wrong} is not a field. You can use: {allowed}.")


def check(text: str) -> None:
    """Raises `UnknownField` if an editor's text asks for anything that is not on the list."""
    asked = {match[1].strip() for match in FIELD.finditer(text)}
    unknown = {one for one in asked if not EDITED.fullmatch(one)}
    if unknown:
        raise UnknownField(unknown)


def into_html(text: str, values: Mapping[str, str]) -> str:
    return substitute(text, values, escaped)


def into_text(text: str, values: Mapping[str, str]) -> str:
    return substitute(text, values, one_line)


def into_header(text: str, values: Mapping[str, str]) -> str:
    return one_line(substitute(text, values, one_line))


def one_line(value: str) -> str:
    """Control characters, line ends above all, become spaces: nobody adds a header by a name."""
    if value.isprintable():
        return value.strip()
    return "".join(character if character.isprintable() else " " for character in value).strip()


def escaped(value: str) -> str:
    return html.escape(value)


def value_of(name: str, values: Mapping[str, str]) -> str:
    """A field's value for one person, on one line; an absent or empty one falls back, if it can.

    `name` may carry its own fallback: "first_name|friend". Another language than English brings its
    general one along, as the value of "without first_name".
    """
    name, _bar, fallback = name.partition("|")
    name = name.strip()
    general = values.get(f"without {name}", "") or FALLBACKS.get(name, "")
    return one_line(values.get(name, "")) or fallback.strip() or general


def substitute(text: str, values: Mapping[str, str], escape: Callable[[str], str]) -> str:
    """One pass over `text`. What is not on the list is no field, and stays as it was written."""
    return replace_fields(text, lambda name: escape(value_of(name, values)))


def replace_fields(text: str, replacement: Callable[[str], str]) -> str:
    """Each field of `text` by what `replacement` gives for its name."""

    def replaced(match: re.Match[str]) -> str:
        name = match[1].strip()
        known = name in FIELDS or EDITED.fullmatch(name)
        return replacement(name) if known else match[0]

    return FIELD.sub(replaced, text)
