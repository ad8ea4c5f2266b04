"""Booking software tells what happened, and programmes end or begin."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cms.integrations import tokens
from cms.integrations.models import Scope
from nurture.domain.states import ConsentAction, EnrolmentState, Reason
from nurture.models import Enrolment, OutsideReport, Sequence
from tests.cast import ANNA, BEN
from tests.factories import published_sequence
from tests.nurture.steps import enrolled

pytestmark = pytest.mark.django_db

API = "/api/v1/events/"


@pytest.fixture
def token() -> str:
    return made([Scope.EVENTS])


def made(scopes: list[Scope]) -> str:
    return tokens.make(
        "booking", scopes=scopes, expires_at=timezone.now() + timedelta(days=9), user_id=None
    )


def tell(client: Client, token: str, **other: Any) -> Any:
    body = {
        "event": "discharged",
        "address": ANNA.address,
        "occurred_at": "2027-03-01T09:00:00Z",
        "idempotency_key": "booking-4711",
        **other,
    }
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return client.post(API, json.dumps(body), content_type="application/json", headers=headers)


@pytest.fixture
def row() -> Enrolment:
    return enrolled(ANNA.joins(), published_sequence(steps=2, exit_on=["discharged"]))


def test_a_programme_ends_on_its_event(client: Client, token: str, row: Enrolment) -> None:
    response = tell(client, token)

    row.refresh_from_db()
    assert (response.status_code, response.json()) == (200, {"ended": 1, "begun": 0, "unfit": 0})
    assert (row.state, row.reason) == (EnrolmentState.STOPPED, Reason.OUTSIDE_EVENT)


def test_another_event_ends_nothing(client: Client, token: str, row: Enrolment) -> None:
    tell(client, token, event="booked")

    row.refresh_from_db()
    assert row.state == EnrolmentState.ACTIVE


@pytest.mark.parametrize(
    ("word", "begun"), [(ConsentAction.GIVEN, 1), (ConsentAction.WITHDRAWN, 0)]
)
def test_a_programme_begins_on_its_event_for_those_who_agreed(
    client: Client, token: str, word: ConsentAction, begun: int
) -> None:
    published_sequence(steps=1, start_on="attended")
    BEN.joins(consent=word)

    response = tell(client, token, event="attended", address=BEN.address)

    assert response.json()["begun"] == begun
    assert Enrolment.objects.count() == begun


def test_the_same_event_again_counts_once(client: Client, token: str) -> None:
    published_sequence(steps=1, start_on="attended")
    BEN.joins()

    answers = [
        tell(client, token, event="attended", address=BEN.address).json() for _time in range(3)
    ]

    assert answers == [{"ended": 0, "begun": 1, "unfit": 0}] * 3
    assert OutsideReport.objects.count() == 1


def test_a_key_for_something_else_is_a_conflict(client: Client, token: str, row: Enrolment) -> None:
    tell(client, token)

    response = tell(client, token, event="booked")

    assert response.status_code == 409
    assert response["Content-Type"] == "application/problem+json"


def test_nobody_learns_who_is_known(client: Client, token: str, row: Enrolment) -> None:
    stranger = tell(client, token, address="nobody@example.org", idempotency_key="booking-1")
    known = tell(client, token, event="booked", idempotency_key="booking-2")

    assert stranger.content == known.content


@pytest.mark.parametrize(("scopes", "status"), [([Scope.DRAFTS], 403), ([], 403), (None, 401)])
def test_a_token_without_the_scope_reports_nothing(
    client: Client, row: Enrolment, scopes: list[Scope] | None, status: int
) -> None:
    token = "" if scopes is None else made(scopes)

    response = tell(client, token)

    row.refresh_from_db()
    assert response.status_code == status
    assert row.state == EnrolmentState.ACTIVE


@pytest.mark.parametrize(
    "other",
    [
        {"event": "exploded"},
        {"address": "nobody"},
        {"occurred_at": "2027-03-01T09:00:00"},
        {"occurred_at": "soon"},
        {"idempotency_key": "short"},
        {"idempotency_key": "with spaces and\nlines"},
        {"extra": 1},
    ],
)
def test_a_wrong_report_is_explained(
    client: Client, token: str, row: Enrolment, other: dict[str, Any]
) -> None:
    response = tell(client, token, **other)

    assert response.status_code in {400, 422}
    assert response.json()["parameters"][0]["reason"]
    assert not OutsideReport.objects.exists()


def test_an_address_is_not_kept_with_the_report(client: Client, token: str) -> None:
    tell(client, token, address="nobody@example.org")

    assert "nobody" not in str(OutsideReport.objects.values())
    assert not Sequence.objects.exists()


# ------------------------------------------------------------------ goals and entry rules


def test_an_event_that_is_the_goal_is_noted_and_ends_nothing_by_itself(
    client: Client, token: str
) -> None:
    row = enrolled(ANNA.joins(), published_sequence(steps=2, goal_event="booked"))

    response = tell(client, token, event="booked")

    row.refresh_from_db()
    assert response.json()["ended"] == 0
    assert (row.state, row.goal_reached_at is not None) == (EnrolmentState.ACTIVE, True)
    assert Enrolment.objects.reached_goal().count() == 1


def test_a_goal_that_is_ticked_as_an_end_ends_with_its_own_reason(
    client: Client, token: str
) -> None:
    goal = published_sequence(steps=2, goal_event="booked", exit_on=["booked"])
    row = enrolled(ANNA.joins(), goal)

    tell(client, token, event="booked")

    row.refresh_from_db()
    assert (row.state, row.reason) == (EnrolmentState.STOPPED, Reason.GOAL_REACHED)


def test_a_goal_after_the_last_mail_counts_and_only_once(client: Client, token: str) -> None:
    row = enrolled(ANNA.joins(), published_sequence(steps=1, goal_event="booked"))
    Enrolment.objects.filter(pk=row.pk).update(state=EnrolmentState.FINISHED)

    tell(client, token, event="booked")
    row.refresh_from_db()
    first = row.goal_reached_at
    tell(client, token, event="booked", idempotency_key="booking-4712")

    row.refresh_from_db()
    assert (row.state, row.goal_reached_at) == (EnrolmentState.FINISHED, first)
    assert first is not None


def test_an_event_starts_nothing_for_somebody_who_does_not_fit(client: Client, token: str) -> None:
    entry = [{"type": "not_declared", "value": {"tags": ["pregnant"]}}]
    published_sequence(steps=1, start_on="attended", entry=entry)
    anna = ANNA.joins(tags=["pregnant"])

    response = tell(client, token, event="attended")

    assert response.json() == {"ended": 0, "begun": 0, "unfit": 1}
    assert anna.refusals.get().source == "event"
