"""A warm-up plan: so many mails a day at first, then more, until a new sender is known."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Self

FORM = re.compile(r"(\d{4}-\d{2}-\d{2})((?:/\d+)+)")


@dataclass(frozen=True, slots=True)
class WarmUp:
    """`mails` on the days from `start` on; before it the first number counts, after it no limit."""

    start: date
    mails: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """`2026-12-01/50/100/200`. Raises `ValueError`."""
        found = FORM.fullmatch(text)
        if found is None:
            raise ValueError("use a day and numbers, for example 2026-12-01/50/100/200")
        return cls(date.fromisoformat(found[1]), tuple(map(int, found[2][1:].split("/"))))

    def limit(self, day: date) -> int | None:
        """How many mails may go on this day; None if as many as there are."""
        number = max((day - self.start).days, 0)
        return self.mails[number] if number < len(self.mails) else None
