"""When a step is due, in calendars and clocks that people really live by."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nurture.domain import schedule
from nurture.domain.schedule import NeverOpens, Window
from tests.domain.reference import Reference

NEW_YORK = ZoneInfo("America/New_York")
AUCKLAND = ZoneInfo("Pacific/Auckland")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
MONDAY, WEDNESDAY, SUNDAY = 0, 2, 6


def at(opens: str, closes: str = "", *, weekdays: frozenset[int] = schedule.EVERY_DAY) -> Window:
    """A window; without an end it stays open until the same time of the next day."""
    return Window(weekdays, time.fromisoformat(opens), time.fromisoformat(closes or opens))


def due_on(
    day: date, window: Window, zone: ZoneInfo, *, not_before: datetime = LONG_AGO
) -> datetime:
    return schedule.due(anchor=day, wait_days=0, window=window, zone=zone, not_before=not_before)


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        pytest.param(date(2026, 3, 1), datetime(2026, 3, 8, 13, tzinfo=UTC), id="into summer"),
        pytest.param(date(2026, 10, 25), datetime(2026, 11, 1, 14, tzinfo=UTC), id="into winter"),
    ],
)
def test_a_nine_o_clock_mail_arrives_at_nine_after_a_clock_change(day: date, utc: datetime) -> None:
    window = at("09:00", "17:00")

    due = schedule.due(anchor=day, wait_days=7, window=window, zone=NEW_YORK, not_before=LONG_AGO)

    assert due == utc
    assert due.astimezone(NEW_YORK).time() == time(9)


@pytest.mark.parametrize(
    ("zone", "day", "opens", "utc"),
    [
        pytest.param(
            NEW_YORK,
            date(2026, 3, 8),
            "02:30",
            datetime(2026, 3, 8, 7, 30, tzinfo=UTC),
            id="NY gap",
        ),
        pytest.param(
            NEW_YORK,
            date(2026, 11, 1),
            "01:30",
            datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
            id="NY fold",
        ),
        pytest.param(
            LORD_HOWE,
            date(2026, 10, 4),
            "02:15",
            datetime(2026, 10, 3, 15, 45, tzinfo=UTC),
            id="Lord Howe gap of half an hour",
        ),
        pytest.param(
            LORD_HOWE,
            date(2026, 4, 5),
            "01:45",
            datetime(2026, 4, 4, 14, 45, tzinfo=UTC),
            id="Lord Howe fold of half an hour",
        ),
        pytest.param(
            KATHMANDU,
            date(2026, 6, 1),
            "09:00",
            datetime(2026, 6, 1, 3, 15, tzinfo=UTC),
            id="Kathmandu is 5:45 ahead",
        ),
    ],
)
def test_a_skipped_time_moves_by_the_gap_and_a_repeated_one_means_the_first(
    zone: ZoneInfo, day: date, opens: str, utc: datetime
) -> None:
    window = at(opens)

    due = due_on(day, window, zone)

    assert due == utc


def test_a_window_that_lies_in_the_skipped_hour_still_opens_on_that_day() -> None:
    window = at("02:15", "02:45", weekdays=frozenset({SUNDAY}))

    due = due_on(date(2026, 3, 8), window, NEW_YORK)

    assert due.astimezone(NEW_YORK) == datetime(2026, 3, 8, 3, 15, tzinfo=NEW_YORK)


def test_a_window_over_midnight_stays_over_midnight() -> None:
    window = at("22:00", "06:00")
    three_at_night = datetime(2026, 6, 2, 3, tzinfo=NEW_YORK)

    due = due_on(date(2026, 6, 1), window, NEW_YORK, not_before=three_at_night)

    assert due == three_at_night


def test_a_window_over_midnight_is_closed_by_day() -> None:
    window = at("22:00", "06:00")
    noon = datetime(2026, 6, 2, 12, tzinfo=NEW_YORK)

    due = due_on(date(2026, 6, 1), window, NEW_YORK, not_before=noon)

    assert due == datetime(2026, 6, 2, 22, tzinfo=NEW_YORK)


def test_the_evening_decides_the_weekday_of_a_window_over_midnight() -> None:
    monday_nights = at("22:00", "06:00", weekdays=frozenset({MONDAY}))
    tuesday_early = datetime(2026, 6, 2, 5, 59, tzinfo=NEW_YORK)

    due = due_on(date(2026, 6, 1), monday_nights, NEW_YORK, not_before=tuesday_early)

    assert due == tuesday_early


def test_monday_in_auckland_is_the_persons_monday() -> None:
    mondays = at("08:00", "10:00", weekdays=frozenset({MONDAY}))

    due = due_on(date(2026, 6, 3), mondays, AUCKLAND)

    assert due == datetime(2026, 6, 7, 20, tzinfo=UTC)  # a Sunday in London
    assert due.astimezone(AUCKLAND).weekday() == MONDAY


def test_the_date_of_a_moment_is_the_persons_date() -> None:
    sunday_evening_in_london = datetime(2026, 6, 7, 20, tzinfo=UTC)

    day = schedule.local_date(sunday_evening_in_london, AUCKLAND)

    assert day == date(2026, 6, 8)


def test_a_mail_is_never_due_in_the_past() -> None:
    now = datetime(2026, 6, 20, 11, 17, 5, tzinfo=UTC)

    due = due_on(date(2026, 6, 1), at("08:00", "20:00"), NEW_YORK, not_before=now)

    assert due == datetime(2026, 6, 20, 12, tzinfo=UTC)  # eight in New York


def test_a_late_tick_inside_the_window_sends_at_once_and_loses_no_day() -> None:
    now = datetime(2026, 6, 1, 19, 59, 59, tzinfo=NEW_YORK)

    due = due_on(date(2026, 6, 1), at("08:00", "20:00"), NEW_YORK, not_before=now)

    assert due == now


def test_a_tick_at_closing_time_waits_for_the_next_opening() -> None:
    now = datetime(2026, 6, 1, 20, tzinfo=NEW_YORK)

    due = due_on(date(2026, 6, 1), at("08:00", "20:00"), NEW_YORK, not_before=now)

    assert due == datetime(2026, 6, 2, 8, tzinfo=NEW_YORK)


def test_a_tick_years_late_is_as_quick_as_any() -> None:
    now = datetime(2036, 6, 1, 12, tzinfo=UTC)

    due = due_on(date(2026, 6, 1), at("00:00", "00:00"), NEW_YORK, not_before=now)

    assert due == now


def test_a_closed_clinic_moves_the_mail_to_its_next_open_day() -> None:
    closures = {date(2026, 12, 25), date(2026, 12, 26)}

    due = schedule.due(
        anchor=date(2026, 12, 18),
        wait_days=7,
        window=at("08:00", "20:00"),
        zone=NEW_YORK,
        not_before=LONG_AGO,
        closures=closures,
    )

    assert due == datetime(2026, 12, 27, 8, tzinfo=NEW_YORK)


def test_a_clinic_that_is_closed_for_ever_never_opens() -> None:
    closures = {date(2026, 1, 1) + timedelta(days=n) for n in range(900)}

    with pytest.raises(NeverOpens, match="2026-01-01"):
        schedule.due(
            anchor=date(2026, 1, 1),
            wait_days=0,
            window=at("08:00", "20:00"),
            zone=NEW_YORK,
            not_before=LONG_AGO,
            closures=closures,
        )


@pytest.mark.parametrize("weekdays", [frozenset[int](), frozenset({7}), frozenset({-1, 0})])
def test_a_window_without_a_weekday_is_refused(weekdays: frozenset[int]) -> None:
    with pytest.raises(NeverOpens, match="weekday"):
        Window(weekdays)


def test_a_naive_time_is_refused() -> None:
    naive = datetime(2026, 6, 1, 12)  # noqa: DTZ001

    with pytest.raises(ValueError, match="naive"):
        due_on(date(2026, 6, 1), at("08:00", "20:00"), NEW_YORK, not_before=naive)


def test_the_date_of_a_naive_time_is_refused() -> None:
    naive = datetime(2026, 6, 1, 12)  # noqa: DTZ001

    with pytest.raises(ValueError, match="naive"):
        schedule.local_date(naive, NEW_YORK)


# ------------------------------------------------------------------ against a slow search

ZONES = [
    "America/New_York",
    "America/Santiago",  # changes at midnight
    "America/St_Johns",
    "Africa/Cairo",  # changes at midnight
    "Africa/Casablanca",
    "Antarctica/Troll",  # two hours at once
    "Asia/Beirut",  # changes at midnight
    "Asia/Kathmandu",
    "Atlantic/Azores",
    "Australia/Lord_Howe",  # half an hour
    "Europe/Berlin",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "UTC",
]


@cache
def days_of_change(name: str) -> list[date]:
    """Days in 2026 on which the clocks of a zone are put forward or back."""
    zone = ZoneInfo(name)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    hours = [start + timedelta(hours=n) for n in range(365 * 24)]
    return [
        later.astimezone(zone).date()
        for earlier, later in pairwise(hours)
        if earlier.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset()
    ] or [date(2026, 7, 1)]


quarters = st.one_of(
    st.integers(0, 20),  # the small hours, in which clocks are changed
    st.integers(0, 95),
).map(lambda n: time(n // 4, n % 4 * 15))
windows = st.builds(
    Window, st.frozensets(st.integers(0, 6), min_size=1, max_size=7), quarters, quarters
)


@st.composite
def situations(
    draw: st.DrawFn,
) -> tuple[str, Window, date, int, datetime, frozenset[date]]:
    """Zone, window, anchor, wait, not before, closures: mostly around a clock change."""
    zone = draw(st.sampled_from(ZONES))
    near = draw(
        st.one_of(
            st.sampled_from(days_of_change(zone)),
            st.dates(date(2026, 1, 10), date(2026, 12, 20)),
        )
    )
    wait_days = draw(st.integers(0, 10))
    anchor = near - timedelta(days=wait_days) + timedelta(days=draw(st.integers(-3, 2)))
    midnight = datetime.combine(near, time(0), tzinfo=ZoneInfo(zone)).astimezone(UTC)
    not_before = midnight + timedelta(seconds=draw(st.integers(-3 * 86_400, 2 * 86_400)))
    closed = draw(st.frozensets(st.integers(-2, 6), max_size=4))
    closures = frozenset(near + timedelta(days=n) for n in closed)
    return zone, draw(windows), anchor, wait_days, not_before, closures


@given(situations())
@example(  # the window ends before the moved opening: it does not open on that day
    (
        "America/New_York",
        Window(frozenset({SUNDAY}), time(2, 30), time(3)),
        date(2026, 3, 8),
        0,
        datetime(2026, 3, 8, tzinfo=UTC),
        frozenset(),
    )
)
def test_the_rule_agrees_with_a_search_through_every_quarter_of_an_hour(
    situation: tuple[str, Window, date, int, datetime, frozenset[date]],
) -> None:
    name, window, anchor, wait_days, not_before, closures = situation
    zone = ZoneInfo(name)
    found = Reference(zone, window).due(
        first=anchor + timedelta(days=wait_days), not_before=not_before, closures=closures
    )

    due = schedule.due(
        anchor=anchor,
        wait_days=wait_days,
        window=window,
        zone=zone,
        not_before=not_before,
        closures=closures,
    )

    assert due == found


@given(situations())
def test_what_is_due_stays_due_when_asked_again_at_that_moment(
    situation: tuple[str, Window, date, int, datetime, frozenset[date]],
) -> None:
    name, window, anchor, wait_days, not_before, closures = situation

    def due(moment: datetime) -> datetime:
        return schedule.due(
            anchor=anchor,
            wait_days=wait_days,
            window=window,
            zone=ZoneInfo(name),
            not_before=moment,
            closures=closures,
        )

    first = due(not_before)

    again = due(first)

    assert again == first >= not_before
