"""Entry rules: who does not fit is told why, wherever they come in, and the practice sees it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from nurture import admission, consent, due, enrolment, preferences
from nurture.mail import links
from nurture.mail.links import Purpose
from nurture.models import (
    CheckIn,
    Consent,
    ConsentText,
    Enrolment,
    Refusal,
    Sequence,
    Subscriber,
)
from tests.cast import ANNA, BEN
from tests.factories import published_sequence
from tests.nurture.steps import asks, enrolled, planned

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def rule(kind: str, **value: Any) -> dict[str, Any]:
    return {"type": kind, "value": value}


NOT_PREGNANT = rule("not_declared", tags=["pregnant"])
FELT_RIGHT = rule("last_answer", answers=["about_right"])
SIX_WEEKS = rule("weeks_since", date_name="birth", at_least=6, less_than=12)


def restricted(*rules: dict[str, Any], **other: Any) -> Sequence:
    return published_sequence(steps=1, entry=list(rules), asks=["birth"], **other)


# ------------------------------------------------------------------ at the form


def posted(client: Client, sequence: Sequence, **other: Any) -> Any:
    client.get("/signup/")
    body = {
        "address": ANNA.address,
        "programme": sequence.translation_key.hex,
        "time_zone": ANNA.time_zone,
        "consent": "on",
        "date_birth": (datetime.now(UTC) - timedelta(weeks=8)).date().isoformat(),
        **other,
    }
    return client.post("/signup/", body)


@pytest.fixture(autouse=True)
def _no_hurry(settings: Any) -> None:
    settings.SIGNUP_MINIMUM_SECONDS = 0


def test_who_fits_signs_up(client: Client) -> None:
    response = posted(client, restricted(SIX_WEEKS, NOT_PREGNANT))

    assert response.status_code == 302
    assert Consent.objects.count() == 1


def test_who_is_too_early_is_told_so_and_by_whom_to_be_advised(client: Client) -> None:
    response = posted(client, restricted(SIX_WEEKS), date_birth=datetime.now(UTC).date())

    page = response.content.decode()
    assert response.status_code == 422
    assert "This programme does not fit you now." in page
    assert "It begins between 6 and 12 weeks after this date: Day of giving birth." in page
    assert "Please ask your practice." in page
    assert not Subscriber.objects.exists()


def test_what_a_visitor_declares_keeps_them_out_and_only_the_rule_is_kept(client: Client) -> None:
    sequence = restricted(NOT_PREGNANT)

    response = posted(client, sequence, tags=["pregnant"])

    row = Refusal.objects.get()
    assert "not for people to whom this applies" in response.content.decode()
    assert (row.sequence, row.subscriber, row.rules) == (sequence, None, ["not_declared"])


def test_a_program_that_signs_people_up_hears_the_same(client: Client) -> None:
    sequence = restricted(NOT_PREGNANT)
    body = {
        "address": ANNA.address,
        "programme": sequence.translation_key.hex,
        "consent": True,
        "consent_number": ConsentText.current("en-us").number,
        "dates": {"birth": (datetime.now(UTC) - timedelta(weeks=8)).date().isoformat()},
        "tags": ["pregnant"],
    }

    response = client.post("/api/v1/signup/", json.dumps(body), content_type="application/json")

    fault = response.json()["parameters"][0]
    assert (response.status_code, fault["name"]) == (422, "programme")
    assert "does not fit you now" in fault["reason"]
    assert Refusal.objects.get().source == "api"


def test_the_form_looks_at_nothing_that_only_we_know(client: Client) -> None:
    """Else it would tell a stranger who has answered a check-in here."""
    response = posted(client, restricted(FELT_RIGHT))

    assert response.status_code == 302


# ------------------------------------------------------------------ at the confirmation


def request_of(sequence: Sequence) -> Consent:
    asks(ANNA, sequence)
    return Consent.objects.get(sequence=sequence, action="requested")


def test_a_confirmation_by_somebody_who_does_not_fit_says_why(client: Client) -> None:
    asked = request_of(restricted(FELT_RIGHT))
    token = links.make(Purpose.CONFIRM, asked.public_id, expires=None).rstrip("/").split("/")[-1]

    page = client.post(reverse("confirm", args=[token])).content.decode()

    assert "This programme does not fit you now" in page
    assert "last answer about a week was: About right" in page
    assert not Enrolment.objects.exists()
    assert Refusal.objects.get().subscriber == Subscriber.objects.get()


def test_the_row_goes_when_the_person_fits(client: Client) -> None:
    sequence = restricted(FELT_RIGHT)
    consent.confirm(request_of(sequence).public_id, now=NOW, source="link")
    anna = Subscriber.objects.get()
    mail = planned(anna, published_sequence(steps=1), now=NOW)
    CheckIn.objects.create(
        message=mail,
        answer="about_right",
        does="advance",
        because="answered",
        source="mail",
        in_time=True,
    )

    row = admission.admit(anna, sequence, now=NOW, source="link")

    assert row is not None
    assert not Refusal.objects.exists()


def test_a_rule_for_entering_puts_nobody_out() -> None:
    sequence = restricted(NOT_PREGNANT)
    anna = ANNA.joins()
    row = enrolled(anna, sequence)
    anna.tags = ["pregnant"]

    assert admission.admit(anna, sequence, now=NOW, source="link") == row


def test_asking_again_keeps_one_row() -> None:
    sequence = restricted(FELT_RIGHT)
    anna = ANNA.joins()

    for _time in range(2):
        assert admission.admit(anna, sequence, now=NOW, source="event") is None

    assert Refusal.objects.count() == 1


# ------------------------------------------------------------------ at the preferences


def test_who_changes_to_what_does_not_fit_stays_and_is_told(client: Client) -> None:
    anna = ANNA.joins()
    row = enrolled(anna, published_sequence(steps=2))
    other = restricted(FELT_RIGHT, title="The next one")

    page = client.post(
        links.preferences(anna, since=datetime.now(UTC)).removeprefix("http://localhost:8000"),
        {
            "action": "change",
            "enrolment": str(row.public_id),
            "programme": other.translation_key.hex,
            "consent": "on",
        },
    )

    row.refresh_from_db()
    assert page.status_code == 422
    assert "This programme does not fit you now." in page.content.decode()
    assert row.state == "active"


# ------------------------------------------------------------------ ends


def test_changing_the_diagnosis_ends_what_is_about_the_old_one() -> None:
    anna = ANNA.joins()
    leaving = published_sequence(steps=2)
    beside = published_sequence(
        steps=2, diagnosis=leaving.diagnosis, exit_on=["changed_diagnosis"], title="Beside it"
    )
    about_something_else = published_sequence(steps=2, exit_on=["changed_diagnosis"])
    rows = [enrolled(anna, one) for one in (leaving, beside, about_something_else)]

    preferences.change_programme(
        rows[0], published_sequence(steps=1), ConsentText.current("en-us"), now=NOW
    )

    ends = [(row.state, row.reason) for row in refreshed(rows)]
    assert ends == [("stopped", "asked_to"), ("stopped", "changed_diagnosis"), ("active", "")]


def test_another_programme_for_the_same_diagnosis_changes_none() -> None:
    anna = ANNA.joins()
    first = published_sequence(steps=2)
    beside = published_sequence(
        steps=2, diagnosis=first.diagnosis, exit_on=["changed_diagnosis"], title="Beside it"
    )
    rows = [enrolled(anna, one) for one in (first, beside)]
    same = published_sequence(steps=1, diagnosis=first.diagnosis, title="Shorter")

    preferences.change_programme(rows[0], same, ConsentText.current("en-us"), now=NOW)

    assert [row.state for row in refreshed(rows)] == ["stopped", "active"]


def refreshed(rows: list[Enrolment]) -> list[Enrolment]:
    for row in rows:
        row.refresh_from_db()
    return rows


def test_finishing_another_programme_ends_one_before_its_next_mail() -> None:
    anna, ben = ANNA.joins(), BEN.joins()
    sequence = published_sequence(steps=2, exit_on=["finished_another"])
    hers, his = enrolled(anna, sequence, now=NOW), enrolled(ben, sequence, now=NOW)
    other = enrolled(anna, published_sequence(steps=1), now=NOW)
    Enrolment.objects.filter(pk=other.pk).update(
        state="finished", ended_at=NOW + timedelta(days=1), due_at=None
    )

    due.claim(NOW + timedelta(days=1))

    assert [(row.state, row.reason) for row in refreshed([hers, his])] == [
        ("stopped", "finished_another"),
        ("active", ""),
    ]
    assert not hers.messages.exists()
    assert his.messages.exists()


def test_a_programme_that_is_finished_twice_ends_others_twice() -> None:
    """Finished, opened again by an answer, and finished once more."""
    anna = ANNA.joins()
    first = enrolled(anna, published_sequence(steps=1), now=NOW)
    done = Enrolment.objects.filter(pk=first.pk)
    done.update(state="finished", ended_at=NOW, due_at=None)
    due.claim(NOW)
    row = enrolled(
        anna,
        published_sequence(steps=2, exit_on=["finished_another"]),
        now=NOW + timedelta(hours=1),
    )
    due.claim(NOW)
    assert refreshed([row])[0].state == "active"

    assert enrolment.reopen(refreshed([first])[0])
    done.update(state="finished", ended_at=NOW + timedelta(hours=2))
    due.claim(NOW)

    assert refreshed([row])[0].reason == "finished_another"


def test_what_was_finished_before_does_not_end_what_began_after() -> None:
    anna = ANNA.joins()
    other = enrolled(anna, published_sequence(steps=1), now=NOW)
    Enrolment.objects.filter(pk=other.pk).update(
        state="finished", ended_at=NOW - timedelta(days=1), due_at=None
    )
    row = enrolled(anna, published_sequence(steps=2, exit_on=["finished_another"]), now=NOW)

    due.claim(NOW)

    assert refreshed([row])[0].state == "active"


# ------------------------------------------------------------------ what staff see


def test_staff_see_who_reached_the_goal_who_ended_and_who_was_kept_out(
    admin_client: Client,
) -> None:
    sequence = restricted(FELT_RIGHT)
    rows = [enrolment.enrol(person.joins(), sequence, now=NOW) for person in (ANNA, BEN)]
    Enrolment.objects.filter(pk=rows[0].pk).update(state="finished", ended_at=NOW)
    Enrolment.objects.filter(pk=rows[1].pk).update(state="stopped", reason="unsubscribed")
    clara = Subscriber.objects.create(
        address="clara@example.org", time_zone="Pacific/Auckland", language="en-us"
    )
    admission.admit(clara, sequence, now=NOW, source="event")

    page = admin_client.get(reverse("sequence_people", args=[sequence.pk])).content.decode()

    assert "2 people started, 0 underway." in page
    assert "1 reached the goal (50 %):" in page
    assert "unsubscribed" in page
    assert "the last answer: 1" in page
    assert str(clara.public_id) in page
    assert clara.address not in page
