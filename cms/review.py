"""The rules of clinical review: what a page's review is worth today, and what a typo fix may be.

A page's substance is what its readers act on, as a mapping from field to plain JSON. In it
running text is a string, and everything else (a number, a choice, a link) is a list that begins
with "=", so that a change of words can be told from a change of facts.
"""

import json
import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

DUE_SOON = timedelta(days=60)
MONTHS_A_YEAR = 12
NUMBERS = re.compile(r"\d+")

Substance = Mapping[str, Any]


class Status(StrEnum):
    NEVER = "never"
    CURRENT = "current"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    CHANGED = "changed"


IN_REVIEW = frozenset({Status.CURRENT, Status.DUE_SOON})


def status(
    *, last_reviewed: date | None, next_due: date | None, changed: bool, today: date
) -> Status:
    """What a page's last review is worth. A review without a next date never grows old."""
    if last_reviewed is None:
        return Status.NEVER
    if changed:
        return Status.CHANGED
    if next_due is None or today + DUE_SOON < next_due:
        return Status.CURRENT
    return Status.DUE_SOON if today <= next_due else Status.OVERDUE


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last day of a month that is too short."""
    years, month = divmod(day.month - 1 + months, MONTHS_A_YEAR)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def fingerprint(substance: Substance) -> str:
    """The same for the same substance, whatever the order of its fields."""
    text = json.dumps(substance, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def changed_fields(before: Substance, after: Substance) -> list[str]:
    names = sorted(before.keys() | after.keys())
    return [name for name in names if before.get(name) != after.get(name)]


def beyond_wording(before: Substance, after: Substance) -> list[str]:
    """The fields that changed by more than a typo fix can: a number, a choice, a link, an order,
    or anything added or removed."""
    changed = changed_fields(before, after)
    return [name for name in changed if not same_facts(before.get(name), after.get(name))]


def same_facts(before: Any, after: Any) -> bool:
    """Whether only words differ, and no number among them."""
    match before, after:
        case str(), str():
            return NUMBERS.findall(before) == NUMBERS.findall(after)
        case dict(), dict():
            return before.keys() == after.keys() and all(
                same_facts(before[key], after[key]) for key in before
            )
        case ["=", *_], _:
            return bool(before == after)
        case list(), list():
            return len(before) == len(after) and all(map(same_facts, before, after))
    return bool(before == after)
