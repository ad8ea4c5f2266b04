"""Whom a step is for."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.domain import conditions
from nurture.domain.conditions import Answered, Condition, Facts, Language, WeeksSince

TODAY = date(2027, 3, 1)
ASKED = UUID(int=7)


def somebody(**known: object) -> Facts:
    return Facts(**{"language": "en-us", "today": TODAY, **known})  # type: ignore[arg-type]


def test_a_step_without_conditions_is_for_everybody() -> None:
    assert conditions.hold([], somebody())


@pytest.mark.parametrize(
    ("reads", "among", "meant"),
    [
        ("en-us", {"en"}, True),
        ("en-us", {"en-us", "es"}, True),
        ("en-us", {"en-gb"}, False),
        ("es", {"en"}, False),
    ],
)
def test_a_language_covers_its_regions(reads: str, among: set[str], *, meant: bool) -> None:
    condition = Language(frozenset(among))

    assert condition.holds(somebody(language=reads)) is meant


@pytest.mark.parametrize(
    ("days_ago", "meant"), [(41, False), (42, True), (83, True), (84, False), (-1, False)]
)
def test_weeks_since_a_date_are_full_weeks(days_ago: int, *, meant: bool) -> None:
    facts = somebody(dates={"birth": TODAY - timedelta(days=days_ago)})

    assert WeeksSince("birth", at_least=6, less_than=12).holds(facts) is meant


def test_a_date_that_lies_ahead_is_no_week_ago() -> None:
    facts = somebody(dates={"birth": TODAY + timedelta(days=3)})

    assert not WeeksSince("birth", at_least=0).holds(facts)
    assert WeeksSince("birth", less_than=6).holds(facts)


def test_who_never_gave_the_date_is_not_meant() -> None:
    assert not WeeksSince("birth").holds(somebody())


@pytest.mark.parametrize(("answer", "meant"), [("too_hard", True), ("too_easy", False)])
def test_an_earlier_answer_decides(answer: str, *, meant: bool) -> None:
    facts = somebody(answers={ASKED: answer})

    assert Answered(ASKED, frozenset({"too_hard"})).holds(facts) is meant


def test_silence_is_no_answer() -> None:
    assert not Answered(ASKED, frozenset({"too_hard"})).holds(somebody())


def test_all_conditions_must_hold() -> None:
    both: list[Condition] = [Language(frozenset({"en"})), WeeksSince("birth", at_least=6)]

    assert not conditions.hold(both, somebody())


names = st.text(max_size=8)
any_condition = st.one_of(
    st.builds(Language, st.frozensets(names, max_size=3)),
    st.builds(WeeksSince, names, st.none() | st.integers(0, 500), st.none() | st.integers(0, 500)),
    st.builds(Answered, st.uuids(), st.frozensets(names, max_size=3)),
)


@given(st.lists(any_condition, max_size=4))
def test_conditions_survive_being_stored(some: list[Condition]) -> None:
    assert conditions.from_json(conditions.as_json(some)) == some


def test_a_condition_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no such condition"):
        conditions.from_json([{"kind": "moon"}])
