"""What is described is what is answered: schemathesis writes to the API as nobody would by hand."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from pytest_django import Settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok

from cms.integrations import limits, tokens
from cms.integrations.models import Scope
from cms.integrations.tally import Tally
from config.wsgi import application
from nurture import tasks
from nurture.mail import links
from nurture.models import ConsentText, Sequence
from nurture.web import evenly
from tests.cast import ANNA
from tests.factories import checkin, published_sequence, step, text
from tests.nurture.steps import planned

pytestmark = pytest.mark.django_db

DOCUMENT = "/api/v1/people.json"
EXAMPLES = 20

load_all_checks()
CHOSEN = [
    CHECKS.get_one(name)
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
        "response_headers_conformance",
    )
]


@pytest.fixture(autouse=True)
def _quick_and_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.SIGNUP_LIMIT_NETWORK = settings.SIGNUP_LIMIT_SITE = 1_000_000
    settings.API_LIMIT_ANONYMOUS = settings.API_LIMIT_TOKEN = 0
    monkeypatch.setattr(evenly, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(limits, "own", Tally())
    monkeypatch.setattr(tasks, "ring_on_commit", lambda _task: None)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)  # as Django's own test client does
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def sequence() -> Sequence:
    return published_sequence(steps=[step(text(), checkin())], asks=[])


def operations() -> dict[str, Any]:
    found = schemathesis.openapi.from_wsgi(DOCUMENT, application).get_all_operations()
    return {one.ok().label: one.ok() for one in found if isinstance(one, Ok)}


def try_out(operation: Any, *, token: str = "") -> set[int]:
    """As it is meant to be called and as it is not; the statuses that came."""
    statuses = set()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    for mode in GenerationMode:
        asked = operation.as_strategy(generation_mode=mode)

        @bounded(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=asked)
        def one(case: Any) -> None:
            case.headers.update(headers)
            answer = case.call_and_validate(checks=CHOSEN)
            statuses.add(answer.status_code)

        one()
    return statuses


def test_every_way_to_write_is_described(client: Client) -> None:
    assert set(operations()) == {
        "GET /api/v1/signup/",
        "POST /api/v1/signup/",
        "POST /api/v1/events/",
    }


def test_signups_of_every_kind_get_an_answer_that_is_written_down(sequence: Sequence) -> None:
    statuses = try_out(operations()["POST /api/v1/signup/"])

    assert statuses <= {202, 400, 403, 413, 415, 422, 429}
    assert 400 in statuses


def test_what_a_form_needs_is_answered_whatever_is_asked(sequence: Sequence) -> None:
    assert try_out(operations()["GET /api/v1/signup/"]) <= {200, 400, 403}


@pytest.mark.parametrize("known", [True, False])
def test_events_of_every_kind_get_an_answer_that_is_written_down(
    sequence: Sequence,
    known: bool,  # noqa: FBT001
) -> None:
    secret = tokens.make(
        "booking",
        scopes=[Scope.EVENTS],
        expires_at=timezone.now() + timedelta(days=9),
        user_id=None,
    )

    statuses = try_out(operations()["POST /api/v1/events/"], token=secret if known else "x")

    assert statuses <= {200, 400, 401, 403, 409, 413, 415, 422, 429}
    beyond_the_door = statuses & {200, 409, 422}
    assert bool(beyond_the_door) == known  # some tries leave the token out on purpose


# ------------------------------------------------------------------ the pages behind links

NONSENSE = [
    "",
    "\x00",
    "\ufeff",
    "9" * 400,
    "-1",
    "0",
    "NaN",
    "2026-02-30",
    "9999-12-31",
    "0001-01-01",
    "a" * 10_000,
    "\u202e\u0000",
    "<script>",
    "' OR 1=1 --",
    "../..",
    "[]",
    "{}",
    "None",
]
FIELDS = (
    "weeks", "until", "weekday", "hour", "time_zone", "language", "first_name", "birth", "tags",
    "tags_shown", "enrolment", "programme", "consent", "clicks",
)  # fmt: skip


@pytest.mark.parametrize(
    "action",
    [
        "pause",
        "resume",
        "time",
        "data",
        "clicks",
        "repeat",
        "back",
        "leave",
        "change",
        "",
        "x",
        "\x00",
    ],
)
def test_a_page_behind_a_link_takes_any_nonsense_and_never_fails(
    client: Client, sequence: Sequence, settings: Settings, action: str
) -> None:
    settings.MEASURE_CLICKS = True
    message = planned(ANNA.joins(), sequence)
    page = links.preferences(message.subscriber, since=message.planned_for)
    path = page.removeprefix(settings.SITE_URL)

    statuses = {
        client.post(path, {"action": action, **dict.fromkeys(FIELDS, nonsense)}).status_code
        for nonsense in NONSENSE
    }

    assert statuses <= {200, 302, 404, 422}


def test_the_text_that_was_shown_is_named_by_its_number(client: Client, sequence: Sequence) -> None:
    offer = client.get("/api/v1/signup/").json()

    assert offer["consent_number"] == ConsentText.current("en-us").number
