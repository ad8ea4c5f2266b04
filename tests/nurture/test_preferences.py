"""People steer their programmes by a link, without an account."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

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
from tests.factories import published_sequence, step, text
from tests.nurture.steps import enrolled

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
