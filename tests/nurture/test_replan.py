"""`enrolment.replan`, whatever plan has become the live one and wherever somebody stands in it."""

import os
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nurture import enrolment
from nurture.domain.schedule import After, Calendar, Quiet, Unit, Wait, Window
from nurture.domain.states import ConsentAction, EnrolmentState, Reason
from nurture.models import Enrolment, Step, Subscriber
from nurture.plans import Plan
from tests.factories import SubscriberFactory, published_sequence
from tests.nurture.steps import enrolled

NOW = datetime(2027, 3, 10, 15, tzinfo=UTC)  # New York's clocks change on the 14th
DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
DAY = timedelta(days=1)
STEPS = 5
ZONES = ["America/New_York", "Europe/Berlin", "Pacific/Auckland", "Australia/Lord_Howe"]

Stood = dict[int, int | None]
Drawn = tuple[list[int], Stood, dict[int, Wait], Calendar, int | None]

waits = st.builds(
    Wait,
    st.integers(0, 10),
    st.sampled_from(Unit),
    st.sampled_from([After.PREVIOUS, After.START]),
    weekday=st.none() | st.integers(0, 6),
) | st.builds(Wait, st.integers(-5, 5), after=st.just(After.DATE), date_name=st.just("surgery"))
windows = st.builds(
    Window,
    st.frozensets(st.integers(0, 6), min_size=1),
    st.sampled_from([time(0), time(2, 30), time(8), time(22)]),
    st.sampled_from([time(0), time(3), time(6), time(20)]),
)
calendars = st.builds(
    Calendar,
    windows,
    st.frozensets(st.dates(date(2027, 3, 8), date(2027, 3, 20)), max_size=4),
    st.sampled_from([None, Quiet(time(21), time(7))]),
)


@st.composite
def plans(draw: st.DrawFn) -> Drawn:
    """Some steps of five are live, in any order; the others remember whom they stood after."""
    order = draw(st.permutations(range(STEPS)))
    live = order[: draw(st.integers(0, STEPS))]
    stood: Stood = {gone: draw(st.sampled_from([None, *live])) for gone in range(STEPS)}
    last = draw(st.none() | st.integers(0, STEPS - 1))
    removed = {gone: stood[gone] for gone in range(STEPS) if gone not in live}
    return list(live), removed, {n: draw(waits) for n in range(STEPS)}, draw(calendars), last


def follows(live: list[int], removed: Stood, last: int | None) -> int | None:
    """What comes next, in so many words."""
    if last is not None and last not in live:
        last = removed[last]
    later = live if last is None else live[live.index(last) + 1 :]
    return later[0] if later else None


@pytest.mark.django_db
@settings(max_examples=2_000 if DEEP else 50, suppress_health_check=list(HealthCheck))
@given(
    drawn=plans(),
    zone=st.sampled_from(ZONES),
    own=st.tuples(st.none() | st.integers(0, 6), st.none() | st.integers(0, 23)),
    had_days_ago=st.none() | st.integers(0, 30),
    surgery=st.none() | st.integers(-10, 10),
    stale=st.none() | st.integers(-50, 50),
)
def test_replanning_leads_to_the_next_step_and_never_into_the_past(
    *,
    drawn: Drawn,
    zone: str,
    own: tuple[int | None, int | None],
    had_days_ago: int | None,
    surgery: int | None,
    stale: int | None,
) -> None:
    live, removed, wait_of, calendar, last = drawn
    row, steps = standing()
    plan = Plan(
        number=7,
        calendar=calendar,
        steps=tuple(steps[n] for n in live),
        waits={steps[n]: wait_of[n] for n in live},
        stood_after={
            steps[n]: None if elder is None else steps[elder] for n, elder in removed.items()
        },
    )
    row.subscriber.time_zone, (row.subscriber.weekday, row.subscriber.hour) = zone, own
    row.subscriber.dates = (
        {} if surgery is None else {"surgery": (NOW + surgery * DAY).date().isoformat()}
    )
    row.last_step_id = None if last is None else steps[last]
    row.anchored_at = None if had_days_ago is None else NOW - had_days_ago * DAY
    row.due_at = None if stale is None else NOW + stale * DAY

    first = replanned(row, plan, NOW)

    expected = follows(live, removed, last)
    assert row.next_step_id == (None if expected is None else steps[expected])
    assert row.plan_number == 7
    if expected is None:
        assert (row.state, row.due_at) == (EnrolmentState.FINISHED, None)
    elif first is None:
        assert row.state == EnrolmentState.HELD
        assert row.reason in {Reason.DATE_MISSING, Reason.NEVER_OPENS}
        assert row.reason == Reason.NEVER_OPENS or surgery is None
    else:
        assert first >= NOW
        assert row.state == EnrolmentState.ACTIVE
        assert replanned(row, plan, NOW) == first, "asked again"
        assert replanned(row, plan, first) == first, "asked when it is due"
        later = replanned(row, plan, NOW + 7 * DAY)
        assert later is None or later >= first, "a later look brought it forward"
        assert is_allowed(calendar, first, ZoneInfo(zone))


def standing() -> tuple[Enrolment, list[int]]:
    """One enrolment for all examples, in memory as new."""
    if not Subscriber.objects.exists():
        person = SubscriberFactory.create(consent=ConsentAction.GIVEN)
        enrolled(person, published_sequence(steps=STEPS), now=NOW - 20 * DAY)
    steps = list(Step.objects.order_by("position").values_list("pk", flat=True))
    return Enrolment.objects.select_related("subscriber").get(), steps


def replanned(row: Enrolment, plan: Plan, now: datetime) -> datetime | None:
    row.state, row.reason, row.ended_at = EnrolmentState.ACTIVE, Reason.NONE, None
    enrolment.replan(row, plan, now=now)
    return row.due_at


def is_allowed(calendar: Calendar, moment: datetime, zone: ZoneInfo) -> bool:
    """Whether some window is open at this moment, and nothing is quiet."""
    today = moment.astimezone(zone).date()
    spans = [(day, *calendar.window.span(day, zone)) for day in (today - DAY, today, today + DAY)]
    is_open = any(
        opens <= moment < closes and day not in calendar.closures for day, opens, closes in spans
    )
    return is_open and not (calendar.quiet and calendar.quiet.until(moment, zone))
