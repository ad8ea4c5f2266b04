"""When a step is due, in calendars and clocks that people really live by."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from nurture.domain import schedule
from nurture.domain.schedule import (
    After,
    Anchors,
    Calendar,
    Cap,
    DateMissing,
    NeverOpens,
    Person,
    Priority,
    Quiet,
    Unit,
    Wait,
    Why,
    Window,
)

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
    day: date,
    window: Window,
    zone: ZoneInfo,
    *,
    wait_days: int = 0,
    not_before: datetime = LONG_AGO,
    closures: frozenset[date] = frozenset(),
) -> datetime:
    """Counted from noon of a day in this zone."""
    return schedule.due(
        Wait(wait_days),
        anchors=Anchors(datetime.combine(day, time(12), tzinfo=zone)),
        calendar=Calendar(window, closures),
        person=Person(zone),
        not_before=not_before,
    ).moment


@pytest.mark.parametrize(
    ("day", "utc"),
    [
        pytest.param(date(2026, 3, 1), datetime(2026, 3, 8, 13, tzinfo=UTC), id="into summer"),
        pytest.param(date(2026, 10, 25), datetime(2026, 11, 1, 14, tzinfo=UTC), id="into winter"),
    ],
)
def test_a_nine_o_clock_mail_arrives_at_nine_after_a_clock_change(day: date, utc: datetime) -> None:
    window = at("09:00", "17:00")

    due = due_on(day, window, NEW_YORK, wait_days=7)

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
    closures = frozenset({date(2026, 12, 25), date(2026, 12, 26)})

    due = due_on(date(2026, 12, 18), at("08:00", "20:00"), NEW_YORK, wait_days=7, closures=closures)

    assert due == datetime(2026, 12, 27, 8, tzinfo=NEW_YORK)


def test_a_clinic_that_is_closed_for_ever_never_opens() -> None:
    closures = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(900))

    with pytest.raises(NeverOpens, match="2026-01-01"):
        due_on(date(2026, 1, 1), at("08:00", "20:00"), NEW_YORK, closures=closures)


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


# ------------------------------------------------------------------ waits, people, practices

START = datetime(2026, 6, 3, 15, tzinfo=UTC)  # a Wednesday, eleven in New York
DAYTIME = at("08:00", "20:00")


def planned(
    wait: Wait,
    *,
    start: datetime = START,
    previous: datetime | None = None,
    dates: dict[str, date] | None = None,
    calendar: Calendar | None = None,
    person: Person | None = None,
    not_before: datetime = LONG_AGO,
    apart: int = 0,
    priority: Priority = Priority.PROGRAMME,
) -> schedule.Due:
    return schedule.due(
        wait,
        anchors=Anchors(start, previous, dates or {}),
        calendar=calendar or Calendar(DAYTIME),
        person=person or Person(NEW_YORK),
        not_before=not_before,
        apart=apart,
        priority=priority,
    )


def new_york(*when: int) -> datetime:
    return datetime(*when, tzinfo=NEW_YORK)  # type: ignore[misc, arg-type]


def test_hours_are_hours_of_real_time() -> None:
    evening_before_the_change = new_york(2026, 3, 7, 22)

    due = planned(
        Wait(4, Unit.HOURS), start=evening_before_the_change, calendar=Calendar(at("00:00"))
    )

    assert due.moment == evening_before_the_change.astimezone(UTC) + timedelta(hours=4)
    assert due.moment.astimezone(NEW_YORK).time() == time(3)


def test_hours_that_end_at_night_wait_for_the_window() -> None:
    due = planned(Wait(12, Unit.HOURS))

    assert due.moment == new_york(2026, 6, 4, 8)
    assert due.reasons == (Why.AFTER_START, Why.WINDOW_HOURS)


def test_hours_that_end_after_midnight_use_the_window_of_the_evening() -> None:
    due = planned(Wait(12, Unit.HOURS), calendar=Calendar(at("22:00", "06:00")))

    assert due.moment == new_york(2026, 6, 3, 23)


def test_weeks_are_seven_local_days_each() -> None:
    due = planned(Wait(2, Unit.WEEKS), previous=START)

    assert due.moment == new_york(2026, 6, 17, 8)
    assert due.reasons == (Why.AFTER_PREVIOUS,)


def test_a_wait_to_a_weekday_goes_on_to_that_day() -> None:
    due = planned(Wait(1, weekday=MONDAY))

    assert due.moment == new_york(2026, 6, 8, 8)
    assert due.reasons == (Why.AFTER_START, Why.STEP_WEEKDAY)


def test_a_step_after_the_start_does_not_count_from_the_previous_mail() -> None:
    due = planned(Wait(10, after=After.START), previous=START + timedelta(days=5))

    assert due.moment == new_york(2026, 6, 13, 8)
    assert due.reasons == (Why.AFTER_START,)


def test_a_step_may_come_before_a_date_of_the_person() -> None:
    surgery = {"surgery": date(2026, 7, 10)}

    due = planned(Wait(-3, after=After.DATE, date_name="surgery"), dates=surgery)

    assert due.moment == new_york(2026, 7, 7, 8)
    assert due.reasons == (Why.AFTER_DATE,)


def test_a_step_without_its_date_says_which_one_is_missing() -> None:
    with pytest.raises(DateMissing, match="surgery"):
        planned(Wait(1, after=After.DATE, date_name="surgery"))


def test_only_a_date_has_a_time_before_it() -> None:
    with pytest.raises(ValueError, match="before"):
        Wait(-1)


def test_a_weekday_is_one_of_seven() -> None:
    with pytest.raises(ValueError, match="weekday"):
        Wait(1, weekday=7)


def test_the_persons_own_hour_opens_the_window_later() -> None:
    due = planned(Wait(1), person=Person(NEW_YORK, hour=time(18)))

    assert due.moment == new_york(2026, 6, 4, 18)
    assert Why.OWN_HOUR in due.reasons


def test_an_hour_outside_the_window_changes_nothing() -> None:
    due = planned(Wait(1), person=Person(NEW_YORK, hour=time(23)))

    assert due.moment == new_york(2026, 6, 4, 8)


def test_an_hour_past_midnight_lies_in_the_window_of_the_evening() -> None:
    nights = Calendar(at("22:00", "06:00"))

    due = planned(Wait(1), calendar=nights, person=Person(NEW_YORK, hour=time(2)))

    assert due.moment == new_york(2026, 6, 5, 2)


def test_the_persons_own_weekday_comes_before_the_steps() -> None:
    due = planned(Wait(1, Unit.WEEKS, weekday=MONDAY), person=Person(NEW_YORK, weekday=SUNDAY))

    assert due.moment == new_york(2026, 6, 14, 8)
    assert Why.OWN_WEEKDAY in due.reasons


def test_a_welcome_does_not_wait_for_the_persons_weekday() -> None:
    due = planned(Wait(0), person=Person(NEW_YORK, weekday=SUNDAY), not_before=START)

    assert due.moment == START


def test_a_weekday_on_which_the_practice_sends_nothing_is_no_choice() -> None:
    workdays = Calendar(at("08:00", "20:00", weekdays=frozenset(range(5))))

    due = planned(Wait(7), calendar=workdays, person=Person(NEW_YORK, weekday=SUNDAY))

    assert due.moment == new_york(2026, 6, 10, 8)


def test_quiet_hours_cut_into_the_window() -> None:
    calendar = Calendar(at("00:00"), quiet=Quiet(time(21), time(7)))

    due = planned(Wait(1), calendar=calendar)

    assert due.moment == new_york(2026, 6, 4, 7)
    assert Why.QUIET_HOURS in due.reasons


def test_a_window_that_is_all_quiet_never_opens() -> None:
    calendar = Calendar(at("22:00", "06:00"), quiet=Quiet(time(21), time(7)))

    with pytest.raises(NeverOpens):
        planned(Wait(1), calendar=calendar)


def test_a_full_day_defers_to_the_next() -> None:
    person = Person(NEW_YORK, taken=((date(2026, 6, 4), Priority.PROGRAMME),))

    due = planned(Wait(1), calendar=Calendar(DAYTIME, cap=Cap(1)), person=person)

    assert due.moment == new_york(2026, 6, 5, 8)
    assert Why.CAP in due.reasons


def test_a_full_evening_defers_to_the_morning_of_the_same_open_window() -> None:
    calendar = Calendar(at("22:00", "06:00"), cap=Cap(1))
    person = Person(NEW_YORK, taken=((date(2026, 6, 4), Priority.PROGRAMME),))

    due = planned(Wait(1), calendar=calendar, person=person)

    assert due.moment == new_york(2026, 6, 5)


def test_a_newsletter_never_holds_up_a_programme() -> None:
    person = Person(NEW_YORK, taken=((date(2026, 6, 4), Priority.NEWSLETTER),))
    calendar = Calendar(DAYTIME, cap=Cap(1))

    programme = planned(Wait(1), calendar=calendar, person=person)
    newsletter = planned(Wait(1), calendar=calendar, person=person, priority=Priority.NEWSLETTER)

    assert programme.moment == new_york(2026, 6, 4, 8)
    assert newsletter.moment == new_york(2026, 6, 5, 8)


def test_a_confirmation_neither_waits_for_the_cap_nor_fills_it() -> None:
    person = Person(NEW_YORK, taken=((date(2026, 6, 4), Priority.CONFIRMATION),))
    cap = Cap(1)

    assert not cap.is_full(date(2026, 6, 4), Priority.PROGRAMME, person.taken)
    assert not cap.is_full(
        date(2026, 6, 4),
        Priority.CONFIRMATION,
        [(date(2026, 6, 4), Priority.CHECK_IN_REPLY)] * 5,
    )


def test_a_cap_over_a_week_counts_every_week_that_holds_the_day() -> None:
    cap = Cap(2, days=7)
    taken = [(date(2026, 6, 1), Priority.PROGRAMME), (date(2026, 6, 7), Priority.PROGRAMME)]

    full = [cap.is_full(date(2026, 6, day), Priority.PROGRAMME, taken) for day in (1, 4, 7, 8)]

    assert full == [True, True, True, False]


@pytest.mark.parametrize(("most", "days"), [(0, 1), (1, 0)])
def test_a_cap_of_nothing_is_refused(most: int, days: int) -> None:
    with pytest.raises(ValueError, match="drop"):
        Cap(most, days)


def test_two_steps_after_the_start_keep_their_distance_when_they_are_late() -> None:
    week_two, week_three = Wait(14, after=After.START), Wait(21, after=After.START)
    late = START + timedelta(days=40)

    due = planned(
        week_three,
        previous=late,
        not_before=late,
        apart=schedule.distance(week_three, week_two),
    )

    assert due.moment == new_york(2026, 7, 20, 8)  # the late one came on the thirteenth
    assert Why.KEEPS_DISTANCE in due.reasons


@pytest.mark.parametrize(
    ("wait", "before", "days"),
    [
        (Wait(7), Wait(7), 0),
        (Wait(7, after=After.START), None, 0),
        (Wait(7, after=After.START), Wait(3), 1),
        (Wait(7, Unit.HOURS, After.START), Wait(3), 0),
        (Wait(30, Unit.HOURS, After.START), Wait(2, Unit.HOURS, After.START), 1),
        (Wait(3, after=After.START), Wait(5, after=After.START), 0),
        (Wait(-1, after=After.DATE, date_name="a"), Wait(-5, after=After.DATE, date_name="a"), 4),
        (Wait(-1, after=After.DATE, date_name="a"), Wait(-5, after=After.DATE, date_name="b"), 1),
    ],
)
def test_how_far_a_late_mail_stays_from_the_one_before(
    wait: Wait, before: Wait | None, days: int
) -> None:
    assert schedule.distance(wait, before) == days


@pytest.mark.parametrize(
    ("day", "opens", "why"),
    [
        (date(2026, 3, 8), "02:30", Why.CLOCKS_FORWARD),
        (date(2026, 11, 1), "01:30", Why.CLOCKS_BACK),
    ],
)
def test_a_clock_change_is_named_as_a_reason(day: date, opens: str, why: Why) -> None:
    start = datetime.combine(day, time(12), tzinfo=NEW_YORK)

    due = planned(Wait(0), start=start, calendar=Calendar(at(opens)))

    assert why in due.reasons


def test_the_same_mail_follows_a_person_who_moves() -> None:
    at_home = planned(Wait(7), previous=START)
    after_the_move = planned(Wait(7), previous=START, person=Person(AUCKLAND))

    assert at_home.moment == new_york(2026, 6, 10, 8)
    assert after_the_move.moment == datetime(2026, 6, 11, 8, tzinfo=AUCKLAND)


def test_a_timeline_counts_each_step_from_the_one_before() -> None:
    steps = [("welcome", Wait(0)), ("week 1", Wait(7)), ("week 2", Wait(1, Unit.WEEKS))]

    rows = schedule.timeline(
        steps,
        anchors=Anchors(START),
        calendar=Calendar(DAYTIME),
        person=Person(NEW_YORK),
        not_before=START,
    )

    assert [(row.key, row.due.moment) for row in rows if row.due] == [
        ("welcome", START),
        ("week 1", new_york(2026, 6, 10, 8)),
        ("week 2", new_york(2026, 6, 17, 8)),
    ]


def test_what_makes_room_goes_the_next_day_and_not_a_week_later() -> None:
    """Others on the same weekday would be before it again, week after week."""
    taken = ((date(2026, 6, 8), Priority.PROGRAMME),)

    arrival = schedule.arrival(
        Wait(1, weekday=MONDAY),
        anchors=Anchors(START),
        calendar=Calendar(DAYTIME, cap=Cap(1)),
        person=Person(NEW_YORK, weekday=MONDAY, taken=taken),
        not_before=START,
    )

    assert arrival.moment == new_york(2026, 6, 9, 8)
    assert arrival.reasons[-1] == Why.CAP


def test_a_timeline_fills_days_with_its_own_mails() -> None:
    steps = [("one", Wait(0)), ("two", Wait(2, Unit.HOURS)), ("three", Wait(2, Unit.HOURS))]

    rows = schedule.timeline(
        steps,
        anchors=Anchors(START),
        calendar=Calendar(DAYTIME, cap=Cap(2)),
        person=Person(NEW_YORK),
        not_before=START,
    )

    assert [row.due.moment.date().day for row in rows if row.due] == [3, 3, 4]
    assert [Why.CAP in row.reasons for row in rows] == [False, False, True]


def test_a_timeline_ends_where_a_date_is_missing() -> None:
    steps = [
        ("welcome", Wait(0)),
        ("before surgery", Wait(-3, after=After.DATE, date_name="surgery")),
        ("after it", Wait(7)),
    ]

    rows = schedule.timeline(
        steps,
        anchors=Anchors(START),
        calendar=Calendar(DAYTIME),
        person=Person(NEW_YORK),
        not_before=START,
    )

    assert [row.due is None for row in rows] == [False, True, True]
    assert rows[2].reasons == (Why.DATE_MISSING,)
