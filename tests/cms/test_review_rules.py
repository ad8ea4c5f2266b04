"""The rules alone, without a database."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms import review, substance
from cms.review import Status

TODAY = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("last", "due", "changed", "expected"),
    [
        (None, None, False, Status.NEVER),
        (None, None, True, Status.NEVER),
        (TODAY, TODAY + timedelta(days=61), False, Status.CURRENT),
        (TODAY, TODAY + timedelta(days=60), False, Status.DUE_SOON),
        (TODAY, TODAY, False, Status.DUE_SOON),
        (TODAY, TODAY - timedelta(days=1), False, Status.OVERDUE),
        (TODAY, TODAY + timedelta(days=900), True, Status.CHANGED),
        (TODAY, TODAY - timedelta(days=1), True, Status.CHANGED),
        (TODAY, None, False, Status.CURRENT),
    ],
)
def test_a_review_is_worth_what_its_dates_say_unless_the_page_changed(
    last: date | None,
    due: date | None,
    changed: bool,  # noqa: FBT001
    expected: Status,
) -> None:
    assert review.status(last_reviewed=last, next_due=due, changed=changed, today=TODAY) == expected


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 3, 31), 24, date(2028, 3, 31)),
        (date(2026, 12, 5), 1, date(2027, 1, 5)),
    ],
)
def test_months_end_where_the_calendar_ends(day: date, months: int, expected: date) -> None:
    assert review.months_after(day, months) == expected


@given(st.dates(max_value=date(9000, 1, 1)), st.integers(0, 600))
def test_the_next_review_is_in_the_right_month(day: date, months: int) -> None:
    then = review.months_after(day, months)

    assert (then.year - day.year) * 12 + then.month - day.month == months
    assert then.day <= day.day


JSON = st.recursive(
    st.text(max_size=8) | st.integers().map(lambda n: ["=", n]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
SUBSTANCE = st.dictionaries(st.text(min_size=1, max_size=4), JSON, max_size=5)


@given(SUBSTANCE, SUBSTANCE)
def test_two_fingerprints_are_equal_exactly_when_the_substances_are(a: dict, b: dict) -> None:  # type: ignore[type-arg]
    assert (review.fingerprint(a) == review.fingerprint(b)) == (a == b)


@given(SUBSTANCE)
def test_a_fingerprint_does_not_depend_on_the_order_of_fields(said: dict) -> None:  # type: ignore[type-arg]
    assert review.fingerprint(said) == review.fingerprint(dict(reversed(said.items())))


@given(SUBSTANCE)
def test_nothing_changed_is_nothing_beyond_wording(said: dict) -> None:  # type: ignore[type-arg]
    assert review.changed_fields(said, said) == review.beyond_wording(said, said) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Lift teh hip.", "Lift the hip."),
        ([{"says": {"sign": "Nubmness", "action": ["=", "emergency"]}}],) * 2,
        ("Hold 5 s, breath.", "Hold 5 s, breathe."),
    ],
)
def test_a_change_of_words_is_only_wording(before: object, after: object) -> None:
    assert review.beyond_wording({"x": before}, {"x": after}) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["=", "emergency"], ["=", "routine"]),
        (["=", 3], ["=", 30]),
        ("Hold 5 s.", "Hold 50 s."),
        (["Lie down.", "Lift."], ["Lift.", "Lie down, slowly, 2."]),
        (["Lie down."], ["Lie down.", "Lift."]),
        ({"weeks": ["=", 4]}, {}),
        ("Stop.", None),
        (None, "Stop."),
        ("Words", ["=", 1]),
    ],
)
def test_a_number_a_choice_or_anything_added_or_removed_is_more(
    before: object, after: object
) -> None:
    assert review.beyond_wording({"x": before}, {"x": after}) == ["x"]


@pytest.mark.parametrize(
    "same",
    [
        "<p>One <b>two</b>.</p><ul><li>three</li></ul>",
        '<p data-block-key="a">One <b>two</b>.</p>\n<ul>\n<li data-block-key="x">three</li> </ul>',
        "<p>One\n  <strong>two</strong>.</p><ul><li>three</li></ul>",
        "<p>One <b>two</b>.</p> <ul><li> three </li></ul>",
    ],
)
def test_prose_is_read_the_same_whichever_editor_wrote_it(same: str) -> None:
    assert substance.prose(same) == substance.prose("<p>One <b>two</b>.</p><ul><li>three</li></ul>")


@pytest.mark.parametrize(
    "other",
    [
        "<p>One two.</p><ul><li>three</li></ul>",
        "<p>One<b>two</b>.</p><ul><li>three</li></ul>",
        "<p>One <b>two</b>.</p><ol><li>three</li></ol>",
        '<p>One <b>two</b>.</p><ul><li><a href="/x">three</a></li></ul>',
    ],
)
def test_prose_that_reads_otherwise_is_otherwise(other: str) -> None:
    assert substance.prose(other) != substance.prose(
        "<p>One <b>two</b>.</p><ul><li>three</li></ul>"
    )


def test_a_link_to_another_page_is_another_link() -> None:
    here, there = (f'<p><a linktype="page" id="{n}">x</a></p>' for n in (1, 2))

    assert substance.prose(here) != substance.prose(there)
