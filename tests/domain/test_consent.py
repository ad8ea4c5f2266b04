"""How often an address may be asked: a stranger must not be bombarded through us."""

from datetime import UTC, datetime, timedelta

import pytest

from nurture.domain import consent

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("hours_ago", "may"),
    [
        pytest.param([], True, id="never asked"),
        pytest.param([1], True, id="once"),
        pytest.param([1, 2], True, id="twice today"),
        pytest.param([1, 2, 3], False, id="three times today"),
        pytest.param([1, 2, 24], True, id="the third was a day ago"),
        pytest.param([0, 0, 0], False, id="all at once"),
        pytest.param([48, 72, 96, 120, 144], True, id="five times without an answer"),
        pytest.param([48, 72, 96, 120, 144, 168], False, id="six times without an answer"),
    ],
)
def test_three_questions_a_day_and_six_without_an_answer_are_enough(
    hours_ago: list[int],
    may: bool,  # noqa: FBT001
) -> None:
    previous = [NOW - hours * HOUR for hours in hours_ago]

    answer = consent.may_ask(previous, now=NOW)

    assert answer is may


def test_any_iterable_of_times_will_do() -> None:
    previous = (NOW - hours * HOUR for hours in (1, 2, 3))

    answer = consent.may_ask(previous, now=NOW)

    assert answer is False
