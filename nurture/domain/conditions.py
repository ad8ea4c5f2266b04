"""Whom a step is for: a step whose conditions do not hold for somebody is passed over.

The same conditions, kept on a sequence, say who may enter it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a person at one moment.

    `today` is the person's own date, `dates` those that they gave (by name, such as "birth"), and
    `answers` the last answer to each step that asked, by the step's key.
    """

    language: str
    today: date
    dates: Mapping[str, date] = field(default_factory=dict)
    answers: Mapping[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Language:
    """The person reads one of these; "en" covers "en-us"."""

    among: frozenset[str]

    def holds(self, facts: Facts) -> bool:
        return bool({facts.language, facts.language.partition("-")[0]} & self.among)


@dataclass(frozen=True, slots=True)
class WeeksSince:
    """So many full weeks have passed since a date. Nobody who never gave the date is meant."""

    date_name: str
    at_least: int | None = None
    less_than: int | None = None

    def holds(self, facts: Facts) -> bool:
        since = facts.dates.get(self.date_name)
        if since is None:
            return False
        weeks = (facts.today - since).days // DAYS_A_WEEK
        early = self.at_least is not None and weeks < self.at_least
        late = self.less_than is not None and weeks >= self.less_than
        return not (early or late)


@dataclass(frozen=True, slots=True)
class Answered:
    """The last answer to an earlier step was one of these. Silence is none of them."""

    step: UUID
    among: frozenset[str]

    def holds(self, facts: Facts) -> bool:
        return facts.answers.get(self.step) in self.among


Condition = Language | WeeksSince | Answered


def hold(conditions: Collection[Condition], facts: Facts) -> bool:
    """Whether all of them do. No condition means everybody."""
    return all(condition.holds(facts) for condition in conditions)


def as_json(conditions: Collection[Condition]) -> list[dict[str, Any]]:
    return [one_as_json(condition) for condition in conditions]


def one_as_json(condition: Condition) -> dict[str, Any]:
    match condition:
        case Language(among):
            return {"kind": "language", "among": sorted(among)}
        case WeeksSince(name, at_least, less_than):
            return {
                "kind": "weeks_since",
                "date_name": name,
                "at_least": at_least,
                "less_than": less_than,
            }
        case Answered(step, among):
            return {"kind": "answered", "step": str(step), "among": sorted(among)}


def from_json(data: Collection[Mapping[str, Any]]) -> list[Condition]:
    """Raises `KeyError`, `TypeError` or `ValueError` for what `as_json` did not write."""
    return [one_from_json(item) for item in data]


def one_from_json(data: Mapping[str, Any]) -> Condition:
    match data["kind"]:
        case "language":
            return Language(frozenset(data["among"]))
        case "weeks_since":
            bounds = data["at_least"], data["less_than"]
            if any(not isinstance(bound, int | None) for bound in bounds):
                raise ValueError("weeks are counted in whole numbers")
            return WeeksSince(str(data["date_name"]), *bounds)
        case "answered":
            return Answered(UUID(data["step"]), frozenset(data["among"]))
    raise ValueError(f"no such condition: {data['kind']}")
