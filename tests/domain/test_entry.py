"""Who may enter, and what something that happened means for a programme."""

from datetime import date

import pytest

from nurture.domain import entry, exits
from nurture.domain.conditions import Facts, Language, WeeksSince
from nurture.domain.entry import Applicant, LastAnswer, NotDeclared, Rule
from nurture.domain.exits import Effect, Happened
from nurture.domain.states import Reason

TODAY = date(2027, 3, 1)
ENGLISH = Language(frozenset({"en"}))
IN_TIME = WeeksSince("birth", at_least=6, less_than=12)
NOT_PREGNANT = NotDeclared(frozenset({"pregnant"}))
FELT_RIGHT = LastAnswer(frozenset({"about_right", "too_easy"}))
ALL: list[Rule] = [ENGLISH, IN_TIME, NOT_PREGNANT, FELT_RIGHT]


def applicant(
    *, born: date = date(2027, 1, 1), declared: str = "", answer: str | None = "about_right"
) -> Applicant:
    facts = Facts("en-us", TODAY, {"birth": born})
    return Applicant(facts, frozenset(filter(None, [declared])), answer)


def test_somebody_who_fits_is_kept_out_by_no_rule() -> None:
    assert entry.unmet(ALL, applicant()) == []


def test_no_rule_keeps_nobody_out() -> None:
    assert entry.unmet([], applicant(answer=None)) == []


def test_everything_that_does_not_fit_is_told_in_the_editors_order() -> None:
    rules: list[Rule] = [FELT_RIGHT, IN_TIME, ENGLISH, NOT_PREGNANT]

    found = entry.unmet(rules, applicant(born=TODAY, declared="pregnant", answer="hurts_more"))

    assert found == [FELT_RIGHT, IN_TIME, NOT_PREGNANT]
    assert [entry.kind(rule) for rule in found] == ["last_answer", "weeks_since", "not_declared"]


@pytest.mark.parametrize(("weeks", "found"), [(5, [IN_TIME]), (6, []), (11, []), (12, [IN_TIME])])
def test_weeks_are_full_weeks_from_the_date(weeks: int, found: list[Rule]) -> None:
    born = date.fromordinal(TODAY.toordinal() - 7 * weeks)

    assert entry.unmet([IN_TIME], applicant(born=born)) == found


def test_who_never_answered_has_no_right_answer() -> None:
    assert entry.unmet([FELT_RIGHT], applicant(answer=None)) == [FELT_RIGHT]


@pytest.mark.parametrize(
    ("event", "exit_on", "goal", "effect"),
    [
        ("booked", [], "finished", Effect(reached=False, ends=None)),
        ("booked", [], "booked", Effect(reached=True, ends=None)),
        ("booked", ["booked"], "finished", Effect(reached=False, ends=Reason.OUTSIDE_EVENT)),
        ("booked", ["booked"], "booked", Effect(reached=True, ends=Reason.GOAL_REACHED)),
        ("booked", ["discharged"], "booked", Effect(reached=True, ends=None)),
        (
            "changed_diagnosis",
            ["changed_diagnosis"],
            "booked",
            Effect(reached=False, ends=Reason.CHANGED_DIAGNOSIS),
        ),
        (
            "finished_another",
            ["finished_another"],
            "finished",
            Effect(reached=False, ends=Reason.FINISHED_ANOTHER),
        ),
    ],
)
def test_only_what_is_ticked_ends_and_a_goal_is_counted_in_any_case(
    event: str, exit_on: list[str], goal: str, effect: Effect
) -> None:
    assert exits.effect(Happened(event), exit_on=exit_on, goal=goal) == effect
