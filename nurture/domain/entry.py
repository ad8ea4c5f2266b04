"""Who may enter a sequence. All rules must hold; whoever does not fit is told which does not."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from nurture.domain.conditions import Facts, Language, WeeksSince


class Kind(StrEnum):
    """What a rule asks about. Codes, so that they can be stored and counted."""

    LANGUAGE = "language"
    WEEKS_SINCE = "weeks_since"
    NOT_DECLARED = "not_declared"
    LAST_ANSWER = "last_answer"


@dataclass(frozen=True, slots=True)
class Applicant:
    """Somebody who wants to start: the facts of that moment, what they declared, and the last
    answer that they gave to any check-in (None: none, or not to be looked at yet)."""

    facts: Facts
    declared: frozenset[str] = frozenset()
    last_answer: str | None = None


@dataclass(frozen=True, slots=True)
class NotDeclared:
    """None of these tags applies to the person."""

    among: frozenset[str]

    def admits(self, applicant: Applicant) -> bool:
        return not self.among & applicant.declared


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """The person has answered a check-in, and the last answer was one of these."""

    among: frozenset[str]

    def admits(self, applicant: Applicant) -> bool:
        return applicant.last_answer in self.among


Rule = Language | WeeksSince | NotDeclared | LastAnswer


def unmet(rules: Collection[Rule], applicant: Applicant) -> list[Rule]:
    """Those that keep this person out, in the editor's order. Empty: welcome."""
    return [rule for rule in rules if not admits(rule, applicant)]


def admits(rule: Rule, applicant: Applicant) -> bool:
    match rule:
        case Language() | WeeksSince():
            return rule.holds(applicant.facts)
        case NotDeclared() | LastAnswer():
            return rule.admits(applicant)


def kind(rule: Rule) -> Kind:
    match rule:
        case Language():
            return Kind.LANGUAGE
        case WeeksSince():
            return Kind.WEEKS_SINCE
        case NotDeclared():
            return Kind.NOT_DECLARED
        case LastAnswer():
            return Kind.LAST_ANSWER
