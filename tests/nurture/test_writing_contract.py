"""What the description of the writing API promises is what it does, whatever comes in."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from pytest_django import Settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok

from config.wsgi import application
from nurture.web import evenly
from tests.factories import published_sequence

load_all_checks()
CHOSEN = [
    CHECKS.get_one(name)
    for name in ("not_a_server_error", "status_code_conformance", "content_type_conformance")
]


@pytest.fixture
def _beside_the_test_client(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.SIGNUP_LIMIT_NETWORK = settings.SIGNUP_LIMIT_SITE = 100_000
    monkeypatch.setattr(evenly, "LEAST_SECONDS", 0.0)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.django_db
@pytest.mark.usefixtures("_beside_the_test_client")
def test_no_body_finds_a_fault_or_an_answer_that_is_not_written_down() -> None:
    published_sequence(steps=1)
    schema = schemathesis.openapi.from_wsgi("/api/v1/people.json", application)
    for operation in schema.get_all_operations():
        assert isinstance(operation, Ok)
        try_out(operation.ok())


def try_out(operation: Any) -> None:
    for mode in GenerationMode:

        @bounded(
            max_examples=6,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def one(case: Any) -> None:
            case.call_and_validate(checks=CHOSEN)

        one()
