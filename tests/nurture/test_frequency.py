"""Quiet hours and a cap over all programmes: who makes room, and that nobody is forgotten."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from nurture import due, enrolment, frequency, outbox, preferences, story
from nurture.domain.schedule import Cap, Quiet, Why, Window
from nurture.domain.states import EnrolmentState, MessageState, Reason
from nurture.models import Enrolment, MailTimes, Message, Sequence, Subscriber
from nurture.plans import Plans
from tests.cast import ANNA, BEN
from tests.factories import ALWAYS, SubscriberFactory, published_sequence, step
from tests.nurture.steps import at_once, enrolled

MONDAY = datetime(2027, 3, 1, 17, tzinfo=UTC)  # noon in New York
DAY = timedelta(days=1)
WEEK = 7 * DAY
TUESDAY_BEGINS = datetime(2027, 3, 2, 5, tzinfo=UTC)


def practice(**times: object) -> None:
    """What an administrator enters in the settings."""
    row = MailTimes.now()
    for name, value in times.items():
        setattr(row, name, value)
    row.full_clean()
    row.save()


def newsletter(**other: object) -> Sequence:
    return published_sequence(frequency_class="newsletter", title="News", **other)  # type: ignore[arg-type]


def goes_out(*, at: datetime) -> list[Enrolment]:
    """All that is due is planned and accepted; whose mails they were."""
    due.claim(at)
    rows = Message.objects.filter(state=MessageState.QUEUED)
    sent = list(rows.select_related("subscriber", "enrolment__sequence"))
    rows.update(state=MessageState.ACCEPTED, submitted_at=at)
    outbox.conclude([(row, at) for row in sent], MessageState.ACCEPTED, Plans())
    return [row.enrolment for row in sent if row.enrolment]


def fresh(row: Enrolment) -> Enrolment:
    return Enrolment.objects.get(pk=row.pk)


# ------------------------------------------------------------------ a cap over all programmes


def test_two_programmes_of_one_person_take_turns_within_the_cap(db: None) -> None:
    practice(most_mails=1)
    anna = ANNA.joins()
    first = enrolled(anna, published_sequence(steps=1), now=MONDAY)
    second = enrolled(anna, published_sequence(steps=1), now=MONDAY)

    today, tomorrow = goes_out(at=MONDAY), goes_out(at=TUESDAY_BEGINS)

    assert (today, tomorrow) == ([first], [second])


def test_nobody_else_waits_because_one_person_gets_enough(db: None) -> None:
    practice(most_mails=1)
    sequences = [published_sequence(steps=1), published_sequence(steps=1)]
    anna, ben = ANNA.joins(), BEN.joins()
    for sequence in sequences:
        enrolled(anna, sequence, now=MONDAY)
    enrolled(ben, sequences[1], now=MONDAY)

    assert {row.subscriber for row in goes_out(at=MONDAY)} == {anna, ben}


def test_without_a_cap_both_go_at_once(db: None) -> None:
    anna = ANNA.joins()
    for _number in range(2):
        enrolled(anna, published_sequence(steps=1), now=MONDAY)

    assert len(goes_out(at=MONDAY)) == 2


def test_a_newsletter_waits_for_a_programme_that_is_due_later_that_day(db: None) -> None:
    practice(most_mails=1)
    anna = ANNA.joins()
    news = enrolled(anna, newsletter(steps=1), now=MONDAY)
    evening = Window(opens=time(18), closes=time(20))
    programme = enrolled(anna, published_sequence(steps=1, window=evening), now=MONDAY)

    noon, night = goes_out(at=MONDAY), goes_out(at=MONDAY + timedelta(hours=7))

    assert (noon, night) == ([], [programme])
    assert fresh(news).due_at == TUESDAY_BEGINS


def test_the_reply_to_a_check_in_comes_before_other_weeks(db: None) -> None:
    practice(most_mails=1)
    anna = ANNA.joins()
    repeated = enrolled(anna, published_sequence(steps=3, wait_days=7), now=MONDAY)
    goes_out(at=MONDAY)
    enrolment.repeat(
        fresh(repeated), repeated.sequence.compiled_steps.earliest("position"), now=MONDAY
    )
    # The other one has waited for longer.
    other = enrolled(anna, published_sequence(steps=1), now=MONDAY - WEEK)
    Enrolment.objects.filter(pk=other.pk).update(due_at=MONDAY + WEEK)

    assert goes_out(at=MONDAY + WEEK) == [repeated]


def test_equals_with_the_same_weekday_go_by_turns_and_none_starves(db: None) -> None:
    practice(most_mails=1, within_days=7)
    anna = ANNA.joins(weekday=0)
    rows = [enrolled(anna, published_sequence(steps=4), now=MONDAY) for _number in range(2)]

    got = [row for day in range(70) for row in goes_out(at=MONDAY + day * DAY)]

    assert [got.count(row) for row in rows] == [4, 4]
    assert got[:4] == [rows[0], rows[1], rows[0], rows[1]]


def test_what_has_to_wait_keeps_its_place_and_its_turn(db: None) -> None:
    practice(most_mails=1)
    anna = ANNA.joins()
    enrolled(anna, published_sequence(steps=2), now=MONDAY)
    waits = enrolled(anna, published_sequence(steps=2), now=MONDAY)

    goes_out(at=MONDAY)

    assert fresh(waits).state == EnrolmentState.ACTIVE
    assert (fresh(waits).turn, fresh(waits).next_step) == (0, waits.next_step)


def test_a_mail_that_never_left_takes_nobodys_room(db: None) -> None:
    practice(most_mails=1)
    anna = ANNA.joins()
    enrolled(anna, published_sequence(steps=1), now=MONDAY)
    due.claim(MONDAY)
    Message.objects.update(state=MessageState.FAILED)
    second = enrolled(anna, published_sequence(steps=1), now=MONDAY)

    assert goes_out(at=MONDAY) == [second]


def test_more_than_a_batch_that_has_to_wait_holds_up_nobody(db: None) -> None:
    practice(most_mails=1)
    sequences = [published_sequence(steps=1) for _number in range(3)]
    anna = ANNA.joins()
    for sequence in sequences:
        enrolled(anna, sequence, now=MONDAY)
    due.claim(MONDAY, limit=1)
    enrolled(BEN.joins(), sequences[0], now=MONDAY)

    planned = due.claim(MONDAY, limit=1)

    assert planned == 1
    assert Message.objects.latest("pk").subscriber.address == BEN.address


@pytest.mark.parametrize("people", [1, 20])
def test_room_is_asked_for_once_whatever_the_number_of_people(db: None, people: int) -> None:
    practice(most_mails=1)
    sequences = [published_sequence(steps=1), published_sequence(steps=1)]
    for _number in range(people):
        person = SubscriberFactory.create()
        for sequence in sequences:
            enrolled(person, sequence, now=MONDAY)

    with CaptureQueriesContext(connection) as queries:
        planned = due.claim(MONDAY)

    assert planned == people
    assert len(queries) <= 28


def test_two_ticks_at_once_agree_about_who_goes_first(committed: None) -> None:
    practice(most_mails=1)
    sequences = [published_sequence(steps=1, window=ALWAYS) for _number in range(2)]
    for _number in range(15):
        person = SubscriberFactory.create()
        for sequence in sequences:
            enrolled(person, sequence, now=MONDAY)

    at_once([lambda: sum(iter(lambda: due.claim(MONDAY, limit=7), 0))] * 4)
    due.claim(MONDAY)

    assert Message.objects.count() == Subscriber.objects.count() == 15
    assert Enrolment.objects.filter(due_at__gt=MONDAY).count() == 15


# ------------------------------------------------------------------ quiet hours, and late ticks


def test_quiet_hours_hold_for_all_sequences(db: None) -> None:
    practice(quiet_from=time(21), quiet_until=time(7))
    night = datetime(2027, 3, 2, 3, tzinfo=UTC)  # ten in the evening

    row = enrolled(ANNA.joins(), published_sequence(steps=1, window=ALWAYS), now=night)

    assert row.due_at == datetime(2027, 3, 2, 12, tzinfo=UTC)


def test_new_quiet_hours_move_what_is_due_already(db: None) -> None:
    night = datetime(2027, 3, 2, 3, tzinfo=UTC)
    row = enrolled(ANNA.joins(), published_sequence(steps=1, window=ALWAYS), now=night)

    practice(quiet_from=time(21), quiet_until=time(7))

    assert due.claim(night) == 0
    assert fresh(row).due_at == datetime(2027, 3, 2, 12, tzinfo=UTC)


def test_a_tick_that_is_late_by_hours_wakes_nobody_at_night(db: None) -> None:
    daytime = Window(opens=time(8), closes=time(20))
    row = enrolled(ANNA.joins(), published_sequence(steps=1, window=daytime), now=MONDAY)

    at_night = due.claim(MONDAY + timedelta(hours=11))
    in_the_morning = due.claim(MONDAY + timedelta(hours=20))

    assert (at_night, in_the_morning) == (0, 1)
    assert Message.objects.get(enrolment=row).planned_for == datetime(2027, 3, 2, 13, tzinfo=UTC)


def test_a_missed_monday_does_not_cost_a_week(db: None) -> None:
    mondays = step(wait={"count": 0, "unit": "days", "after": "previous", "weekday": "0"})
    enrolled(ANNA.joins(), published_sequence(steps=[mondays]), now=MONDAY)

    assert due.claim(MONDAY + DAY) == 1


def test_hours_that_leave_no_room_hold_the_programme_until_they_are_changed(db: None) -> None:
    nights = published_sequence(steps=1, window=Window(opens=time(22), closes=time(6)))
    MailTimes.objects.create(quiet_from=time(21), quiet_until=time(7))
    row = enrolled(ANNA.joins(), nights, now=MONDAY)
    held = (row.state, row.reason)

    practice(quiet_from=None, quiet_until=None)
    due.claim(MONDAY + timedelta(hours=12))

    assert held == (EnrolmentState.HELD, Reason.NEVER_OPENS)
    assert fresh(row).turn == 1


def test_quiet_hours_in_which_a_sequence_sends_are_refused_by_its_name(db: None) -> None:
    published_sequence(steps=1, window=Window(opens=time(22), closes=time(6)), title="Nights")

    with pytest.raises(ValidationError, match="Nights"):
        practice(quiet_from=time(21), quiet_until=time(7))


@pytest.mark.parametrize("times", [(time(21), None), (None, time(7)), (time(7), time(7))])
def test_quiet_hours_that_do_not_end_are_refused(
    db: None, times: tuple[time | None, time | None]
) -> None:
    with pytest.raises(ValidationError):
        practice(quiet_from=times[0], quiet_until=times[1])


# ------------------------------------------------------------------ what is told


def test_a_person_sees_that_a_mail_makes_room(db: None) -> None:
    practice(most_mails=1)
    anna = ANNA.joins()
    rows = [enrolled(anna, published_sequence(steps=2), now=MONDAY) for _number in range(2)]

    first, second = preferences.programmes(anna, now=MONDAY)

    assert [first.enrolment, second.enrolment] == rows
    assert [mail.made_room for mail in first.coming] == [False, False]
    assert second.coming[0].moment == TUESDAY_BEGINS
    assert second.coming[0].made_room


def test_the_story_tells_what_made_the_date(db: None) -> None:
    practice(most_mails=1)
    anna = ANNA.joins()
    today = timezone.now()
    for _number in range(2):
        enrolled(anna, published_sequence(steps=1), now=today)
    due.claim(today)

    told = story.story(ANNA.address)["enrolments"]

    assert "next_mail_because" in told[1]
    assert Why.CAP in str(told[1]["next_mail_because"])


def test_the_editors_timeline_names_the_cap(admin_client: Client) -> None:
    practice(most_mails=1)
    soon = {"count": 2, "unit": "hours", "after": "previous"}
    sequence = published_sequence(steps=[step(), step(wait=soon)])

    page = admin_client.get(reverse("sequence_timeline", args=[sequence.pk])).content.decode()

    assert "moved past a day that has enough mails" in page


def test_the_settings_can_be_filled_in(admin_client: Client) -> None:
    address = reverse("wagtailsettings:edit", args=["nurture", "mailtimes"])
    form = {"quiet_from": "21:00", "quiet_until": "07:00", "most_mails": "2", "within_days": "1"}

    form_at = admin_client.get(address, follow=True).request["PATH_INFO"]
    admin_client.post(form_at, form)

    assert (MailTimes.now().quiet, MailTimes.now().cap) == (Quiet(time(21), time(7)), Cap(2))


def test_nobody_is_asked_about_where_there_is_no_cap(db: None) -> None:
    anna = ANNA.joins()
    enrolled(anna, published_sequence(steps=1), now=MONDAY)
    due.claim(MONDAY)

    assert frequency.had_by(anna, now=MONDAY) == ()
