"""People steer their programmes by a link, without an account."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cms.models.exercises import ExerciseLink
from nurture import due, sending
from nurture.domain.states import (
    TRANSACTIONAL,
    ConsentAction,
    EnrolmentState,
    MessageKind,
    Reason,
)
from nurture.mail import links
from nurture.models import Consent, Enrolment, Message, Sequence, Subscriber
from nurture.sending import PROGRAMME
from tests import smtp
from tests.cast import ANNA, BEN
from tests.factories import checkin, exercise_page, published_sequence, step, text
from tests.nurture.steps import enrolled, planned

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def start() -> datetime:
    return timezone.now()


@pytest.fixture
def anna(relay: smtp.Relay, start: datetime) -> Subscriber:
    """Anna has got the first of her four weeks."""
    sequence = published_sequence(
        steps=[step(text(), wait_days=7 * bool(n), subject=f"Week {n}") for n in range(4)]
    )
    person = ANNA.joins()
    enrolled(person, sequence, now=start)
    due.claim(start)
    sending.send_claimed(PROGRAMME)
    return person


def path(person: Subscriber) -> str:
    url = links.preferences(person, since=timezone.now())
    return url.removeprefix("http://localhost:8000")


def does(client: Client, person: Subscriber, action: str, **fields: Any) -> Any:
    row = person.enrolments.order_by("pk").last()
    known = {"action": action, "enrolment": row.public_id if row else ""}
    return client.post(path(person), {**known, **fields}, follow=True)


def row(person: Subscriber) -> Enrolment:
    return person.enrolments.order_by("pk").latest("pk")


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


# ------------------------------------------------------------------ looking


def test_the_page_shows_what_comes_next_and_when(client: Client, anna: Subscriber) -> None:
    page = words(client.get(path(anna)))

    assert "What comes next" in page
    assert page.count("<li><time") == 3
    first = row(anna).due_at
    assert first is not None
    assert f'datetime="{first.astimezone(anna.zone).isoformat()}' in page


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing(client: Client, anna: Subscriber, method: str) -> None:
    before = Enrolment.objects.values().get()

    response = getattr(client, method)(path(anna) + "?action=leave-all")

    assert response.status_code == 200
    assert Enrolment.objects.values().get() == before


def test_a_page_is_about_one_person_and_not_about_an_illness(
    client: Client, anna: Subscriber
) -> None:
    enrolled(BEN.joins(), Sequence.objects.get(), now=timezone.now())

    page = words(client.get(path(anna)))

    assert ANNA.address in page
    assert BEN.address not in page
    assert "dysfunction" not in page
    assert client.get(path(anna))["Cache-Control"].startswith("max-age=0, no-cache, no-store")


# ------------------------------------------------------------------ pausing


@pytest.mark.parametrize("weeks", [1, 2, 4])
def test_a_pause_takes_weeks_and_ends_by_itself(
    client: Client, anna: Subscriber, start: datetime, weeks: int
) -> None:
    response = does(client, anna, "pause", weeks=weeks)

    assert "Paused" in words(response)
    due.claim(start + (7 * weeks - 1) * DAY)
    assert row(anna).state == EnrolmentState.PAUSED
    assert Message.objects.count() == 1
    due.claim(start + (7 * weeks + 1) * DAY)
    assert Message.objects.count() == 2


def test_a_pause_can_end_on_a_day_and_be_changed(
    client: Client, anna: Subscriber, start: datetime
) -> None:
    does(client, anna, "pause", weeks=1)
    day = (start + 20 * DAY).astimezone(anna.zone).date()

    does(client, anna, "pause", weeks=1, until=day.isoformat())

    until = row(anna).paused_until
    assert until is not None
    assert until.astimezone(anna.zone).date() == day


def test_resuming_goes_on_where_it_stopped(
    client: Client, anna: Subscriber, start: datetime
) -> None:
    does(client, anna, "pause", weeks=4)

    does(client, anna, "resume")

    assert row(anna).state == EnrolmentState.ACTIVE
    due.claim(start + 7 * DAY)
    assert Message.objects.latest("turn").step_version.subject == "Week 1"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"weeks": 3},
        {"weeks": "never"},
        {"until": "2001-01-01"},
        {"until": "9999-12-31"},
        {"until": "soon"},
    ],
)
def test_a_pause_that_makes_no_sense_is_explained(
    client: Client, anna: Subscriber, fields: dict[str, Any]
) -> None:
    response = does(client, anna, "pause", **fields)

    assert response.status_code == 422
    assert "errorlist" in words(response)
    assert row(anna).state == EnrolmentState.ACTIVE


# ------------------------------------------------------------------ when


def test_another_day_and_hour_move_what_is_unsent(client: Client, anna: Subscriber) -> None:
    fields = {"weekday": 2, "hour": 17, "time_zone": "Europe/Berlin", "language": "en-us"}

    does(client, anna, "time", **fields)

    anna.refresh_from_db()
    moment = row(anna).due_at
    assert moment is not None
    local = moment.astimezone(anna.zone)
    assert (anna.time_zone, local.weekday(), local.hour) == ("Europe/Berlin", 2, 17)


@pytest.mark.parametrize(
    "fields", [{"weekday": 9}, {"hour": 24}, {"time_zone": "Mars/Base"}, {"language": "xx"}]
)
def test_a_time_that_does_not_exist_is_refused(
    client: Client, anna: Subscriber, fields: dict[str, Any]
) -> None:
    good = {"weekday": 2, "hour": 17, "time_zone": "Europe/Berlin", "language": "en-us"}

    assert does(client, anna, "time", **good).status_code == 200
    assert does(client, anna, "time", **{**good, **fields}).status_code == 422


# ------------------------------------------------------------------ which week


@pytest.mark.parametrize(("action", "subject"), [("repeat", "Week 1"), ("back", "Week 0")])
def test_a_week_can_be_had_again(
    client: Client, anna: Subscriber, start: datetime, action: str, subject: str
) -> None:
    due.claim(start + 7 * DAY)
    sending.send_claimed(PROGRAMME)

    does(client, anna, action)
    does(client, anna, action)  # twice is once

    due.claim(start + 15 * DAY)
    newest = Message.objects.latest("turn")
    assert newest.step_version is not None
    assert newest.step_version.subject == subject


# ------------------------------------------------------------------ another programme, or none


def test_leaving_one_programme_leaves_the_others(client: Client, anna: Subscriber) -> None:
    enrolled(anna, published_sequence(title="Other weeks"), now=timezone.now())

    does(client, anna, "leave")

    states = anna.enrolments.order_by("pk").values_list("state", flat=True)
    assert list(states) == [EnrolmentState.ACTIVE, EnrolmentState.STOPPED]
    assert Subscriber.objects.get().consent == ConsentAction.GIVEN


def test_leaving_everything_is_unsubscribing(client: Client, anna: Subscriber) -> None:
    does(client, anna, "leave-all")

    anna.refresh_from_db()
    assert anna.consent == ConsentAction.WITHDRAWN
    assert row(anna).reason == Reason.UNSUBSCRIBED


def test_another_diagnosis_is_another_programme_with_a_consent_of_its_own(
    client: Client, anna: Subscriber
) -> None:
    other = published_sequence(title="Other weeks")

    does(client, anna, "change", programme=other.translation_key.hex, consent="on")

    old, new = anna.enrolments.order_by("pk")
    assert (old.state, old.reason) == (EnrolmentState.STOPPED, Reason.ASKED_TO)
    assert (new.state, new.sequence) == (EnrolmentState.ACTIVE, other)
    given = Consent.objects.get(source="preferences")
    assert (given.action, given.sequence) == (ConsentAction.GIVEN, other)


def test_another_diagnosis_without_consent_changes_nothing(
    client: Client, anna: Subscriber
) -> None:
    other = published_sequence(title="Other weeks")

    response = does(client, anna, "change", programme=other.translation_key.hex)

    assert response.status_code == 422
    assert anna.enrolments.get().state == EnrolmentState.ACTIVE


# ------------------------------------------------------------------ data


def test_a_name_can_be_corrected_and_not_abused(client: Client, anna: Subscriber) -> None:
    assert does(client, anna, "data", first_name="Änne").status_code == 200
    assert does(client, anna, "data", first_name="see https://evil").status_code == 422
    assert does(client, anna, "data", first_name="A\r\nBcc: x").status_code == 422

    anna.refresh_from_db()
    assert anna.first_name == "Änne"


def test_a_date_that_a_programme_waits_for_can_be_given(
    client: Client, relay: smtp.Relay, start: datetime
) -> None:
    wait = {"count": 1, "unit": "weeks", "after": "date", "date_name": "surgery"}
    sequence = published_sequence(steps=[step(text(), wait=wait)], asks=["surgery"])
    ben = BEN.joins()
    enrolled(ben, sequence, now=start)
    assert "It waits for a date" in words(client.get(path(ben)))
    day = start.astimezone(ben.zone).date()

    does(client, ben, "data", first_name="Ben", surgery=day.isoformat())

    moment = row(ben).due_at
    assert moment is not None
    assert moment.astimezone(ben.zone).date() == day + 7 * DAY
    assert does(client, ben, "data", surgery="1850-01-01").status_code == 422


# ------------------------------------------------------------------ links


def test_a_copy_of_the_data_goes_to_the_address_and_nowhere_else(
    client: Client, anna: Subscriber, relay: smtp.Relay
) -> None:
    before = len(relay.mails)
    does(client, anna, "export")
    does(client, anna, "export")

    sending.send_claimed(TRANSACTIONAL)
    (mail,) = relay.mails[before:]
    assert mail.recipients == (ANNA.address,)
    link = re.search(rb"http://localhost:8000(/d/\S+/)", mail.content.replace(b"=\r\n", b""))
    assert link
    url = link[1].decode()
    assert client.get(url)["Content-Type"].startswith("text/html")
    data = client.post(url)
    assert data["Content-Type"].startswith("application/json")
    assert data["Content-Disposition"].startswith("attachment")
    assert data.json()["address"] == ANNA.address


def test_new_links_void_the_old_ones_but_not_the_way_out(client: Client, anna: Subscriber) -> None:
    old = path(anna)

    response = client.post(old, {"action": "links"})

    assert response.status_code == 200
    assert client.get(old).status_code == 404
    assert Message.objects.filter(kind=MessageKind.LINKS).count() == 1
    out = links.unsubscribe(anna).removeprefix("http://localhost:8000")
    assert client.get(out).status_code == 200
    anna.refresh_from_db()
    assert client.get(path(anna)).status_code == 200


def test_a_programme_of_somebody_else_cannot_be_named(client: Client, anna: Subscriber) -> None:
    other = enrolled(BEN.joins(), Sequence.objects.get(), now=timezone.now())

    response = client.post(path(anna), {"action": "leave", "enrolment": other.public_id})

    other.refresh_from_db()
    assert response.status_code == 404
    assert other.state == EnrolmentState.ACTIVE


@pytest.mark.parametrize("action", ["", "explode", "leave\x00", "__class__"])
def test_an_action_that_does_not_exist_does_nothing(
    client: Client, anna: Subscriber, action: str
) -> None:
    assert client.post(path(anna), {"action": action}).status_code == 422


# ------------------------------------------------------------------ what was declared


@pytest.fixture
def substitutes(relay: smtp.Relay, start: datetime) -> Subscriber:
    """Anna's first mail waits. Its exercise is not for pregnant people, who get another one."""
    other = exercise_page(title="Wall push")
    usual = exercise_page(title="Sit-up", contraindication_tags=["pregnant"])
    ExerciseLink.objects.create(page=usual, to=other, kind="substitute", criterion="Instead")
    planned(ANNA.joins(), published_sequence(steps=1, exercises=[usual]), now=start)
    return Subscriber.objects.get()


def mails(relay: smtp.Relay) -> list[str]:
    due.claim(timezone.now() + DAY)
    sending.send_claimed(PROGRAMME)
    bodies = [mail.message.get_body(("plain",)) for mail in relay.mails]
    return [body.get_content() for body in bodies if body]


def test_what_was_declared_is_seen_and_corrected(client: Client, anna: Subscriber) -> None:
    Subscriber.objects.update(tags=["dizziness"])
    page = words(client.get(path(anna)))
    assert re.search(r'value="dizziness"[^>]*checked', page)

    does(client, anna, "data", first_name="Anna", tags=["pregnant"], tags_shown="yes")

    assert Subscriber.objects.get().tags == ["pregnant"]


def test_a_form_without_the_boxes_leaves_what_was_declared(
    client: Client, anna: Subscriber
) -> None:
    Subscriber.objects.update(tags=["dizziness"])

    does(client, anna, "data", first_name="Anna")

    assert Subscriber.objects.get().tags == ["dizziness"]


def test_something_that_cannot_be_declared_is_refused(client: Client, anna: Subscriber) -> None:
    response = does(client, anna, "data", tags=["nonsense"], tags_shown="yes")

    assert response.status_code == 422
    assert Subscriber.objects.get().tags == []


def test_a_mail_that_waits_gets_the_exercises_that_fit_now(
    client: Client, relay: smtp.Relay, substitutes: Subscriber
) -> None:
    does(client, substitutes, "data", tags=["pregnant"], tags_shown="yes")

    (mail,) = mails(relay)
    assert "Wall push" in mail
    assert "Sit-up" not in mail


def test_what_was_held_since_nothing_fitted_goes_on_when_something_does(
    client: Client, relay: smtp.Relay, start: datetime
) -> None:
    usual = exercise_page(title="Sit-up", contraindication_tags=["pregnant"])
    anna = ANNA.joins(tags=["pregnant"])
    enrolled(anna, published_sequence(steps=1, exercises=[usual]), now=start)
    due.claim(start)
    assert row(anna).reason == Reason.CONTRAINDICATED

    does(client, anna, "data", tags=[], tags_shown="yes")

    (mail,) = mails(relay)
    assert "Sit-up" in mail


def test_a_date_can_be_moved_and_not_just_taken_from_a_programme(
    client: Client, anna: Subscriber
) -> None:
    """A date that nothing counts from any more can go; one that is needed cannot."""
    Sequence.objects.update(asks=["birth"])
    Subscriber.objects.update(dates={"birth": "2026-05-01", "injury": "2026-04-01"})

    refused = does(client, anna, "data", birth="", injury="2026-04-01")
    assert refused.status_code == 422
    assert "counts from this date" in words(refused)
    does(client, anna, "data", birth="2026-05-08", injury="")

    assert Subscriber.objects.get().dates == {"birth": "2026-05-08"}


def test_a_pause_while_a_question_waits_asks_it_again_afterwards(
    client: Client, relay: smtp.Relay, start: datetime
) -> None:
    """The mail was taken back, so nobody was asked and nobody was silent."""
    steps = [step(text(), checkin(), subject=f"Week {n}", wait_days=7 * bool(n)) for n in range(2)]
    anna = ANNA.joins()
    planned(anna, published_sequence(steps=steps), now=start)

    does(client, anna, "pause", weeks=1)
    does(client, anna, "resume")

    assert not row(anna).awaits_answer
    due.claim(timezone.now())
    sending.send_claimed(PROGRAMME)
    assert [mail.message["Subject"] for mail in relay.mails] == ["Week 0"]


# ------------------------------------------------------------------ links by mail


def test_voiding_links_twice_in_an_hour_never_locks_anybody_out(
    client: Client, relay: smtp.Relay, anna: Subscriber
) -> None:
    for _time in range(2):
        does(client, Subscriber.objects.get(), "links")
        sending.send_claimed(TRANSACTIONAL)

    body = relay.mails[-1].message.get_body(("plain",))
    assert body
    link = re.search(r"http://localhost:8000(/m/\S+)", body.get_content())
    assert link
    assert client.get(link[1]).status_code == 200


def test_an_old_link_is_renewed_in_words_that_also_fit_who_has_finished(
    client: Client, relay: smtp.Relay, anna: Subscriber
) -> None:
    Enrolment.objects.update(state=EnrolmentState.FINISHED)
    old = links.preferences(anna, since=timezone.now() - 400 * DAY)

    client.post(old.removeprefix("http://localhost:8000"), {"action": "new-link"})
    sending.send_claimed(TRANSACTIONAL)

    body = relay.mails[-1].message.get_body(("plain",))
    assert body
    assert "/m/" in body.get_content()
    assert "already get" not in body.get_content()
