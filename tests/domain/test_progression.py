"""What comes next, also when the plan is no longer what it was."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.domain.progression import back_to, following, overtaken

UNTOUCHED: Mapping[str, str | None] = {}


def test_a_programme_begins_with_its_first_step() -> None:
    plan = ["week 1", "week 2"]

    step = following(plan, None, stood_after=UNTOUCHED)

    assert step == "week 1"


def test_each_step_is_followed_by_the_one_behind_it() -> None:
    plan = ["week 1", "week 2", "week 3"]

    steps = [following(plan, last, stood_after=UNTOUCHED) for last in plan]

    assert steps == ["week 2", "week 3", None]


def test_an_empty_plan_has_nothing_to_send() -> None:
    step = following([], None, stood_after=UNTOUCHED)

    assert step is None


def test_after_a_removed_step_the_way_goes_on_behind_its_predecessor() -> None:
    plan = ["week 1", "week 3"]

    step = following(plan, "week 2", stood_after={"week 2": "week 1"})

    assert step == "week 3"


def test_removals_after_removals_lead_back_to_one_that_is_still_there() -> None:
    plan = ["week 1", "week 4"]
    removed: dict[str, str | None] = {"week 3": "week 2", "week 2": "week 1"}

    step = following(plan, "week 3", stood_after=removed)

    assert step == "week 4"


def test_when_all_that_stood_before_is_gone_the_plan_begins_anew() -> None:
    removed: dict[str, str | None] = {"week 1": None}

    step = following(["week 2"], "week 1", stood_after=removed)

    assert step == "week 2"


def test_a_step_that_was_put_in_before_the_last_one_is_not_sent_later() -> None:
    plan = ["new", "week 1", "week 2"]

    step = following(plan, "week 1", stood_after=UNTOUCHED)

    assert step == "week 2"


@st.composite
def edited(draw: st.DrawFn) -> tuple[list[int], list[int], dict[int, int | None], int]:
    """A plan, what is left of it after removals one by one, and the step somebody had last."""
    before = draw(st.lists(st.integers(0, 30), min_size=1, max_size=12, unique=True))
    plan, stood_after = list(before), dict[int, int | None]()
    for step in draw(st.lists(st.sampled_from(before), unique=True)):
        place = plan.index(step)
        stood_after[step] = plan[place - 1] if place else None
        plan.remove(step)
    return before, plan, stood_after, draw(st.sampled_from(before))


@given(edited())
def test_nobody_goes_back_or_stops_while_something_follows(
    situation: tuple[list[int], list[int], dict[int, int | None], int],
) -> None:
    before, plan, stood_after, last = situation
    still_ahead = [step for step in before[before.index(last) + 1 :] if step in plan]

    step = following(plan, last, stood_after=stood_after)

    assert step == next(iter(still_ahead), None)


@given(edited())
def test_the_way_through_an_edited_plan_visits_the_rest_once_and_in_order(
    situation: tuple[list[int], list[int], dict[int, int | None], int],
) -> None:
    before, plan, stood_after, last = situation

    way = list(walk(plan, last, stood_after))

    places = [before.index(step) for step in [last, *way]]
    assert all(earlier < later for earlier, later in pairwise(places))


def walk(plan: Sequence[int], last: int, stood_after: Mapping[int, int | None]) -> Sequence[int]:
    step = following(plan, last, stood_after=stood_after)
    return [] if step is None else [step, *walk(plan, step, stood_after)]


def test_a_step_back_leads_to_the_step_that_the_rules_name() -> None:
    assert back_to(["week 1", "week 2"], "week 1", stood_after=UNTOUCHED) == "week 1"


def test_a_step_back_to_one_that_was_removed_leads_to_the_one_before_it() -> None:
    removed: dict[str, str | None] = {"week 2": "week 1"}

    assert back_to(["week 1", "week 3"], "week 2", stood_after=removed) == "week 1"


def test_a_step_back_to_where_nothing_is_left_begins_anew() -> None:
    removed: dict[str, str | None] = {"week 1": None}

    assert back_to(["week 2"], "week 1", stood_after=removed) == "week 2"


# ------------------------------------------------------------------ what may have been had


@pytest.mark.parametrize(
    ("after", "back", "found"),
    [
        ("abcd", "", ""),
        ("acd", "", ""),  # what goes away is passed by nobody
        ("abxcd", "", ""),  # and what is new has been had by nobody
        ("bacd", "", "a"),
        ("bcda", "", "a"),
        ("dabc", "", "abc"),
        ("dcba", "", "abc"),
        ("axbcd", "x", "xbcd"),  # x was away: somebody may have had it, or what stands behind it
    ],
)
def test_a_step_that_others_have_overtaken_may_have_been_had(
    after: str, back: str, found: str
) -> None:
    assert overtaken("abcd", after, back=back) == set(found)
