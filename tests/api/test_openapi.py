"""The contract: what the API says about itself, and that it keeps it."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from pytest_django import Settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok

from config.wsgi import application
from tests.api import snapshots
from tests.api.reading import ROOT, get

SNAPSHOT = Path(__file__).parent / "openapi.json"


def openapi(client: Client) -> dict[str, Any]:
    described: dict[str, Any] = get(client, "openapi.json")
    return described


def without_examples(described: dict[str, Any]) -> dict[str, Any]:
    for methods in described["paths"].values():
        for operation in methods.values():
            for content in operation["responses"]["200"]["content"].values():
                content.pop("example", None)
    return described


def test_the_contract_changes_only_on_purpose(client: Client, db: None) -> None:
    snapshots.compare(SNAPSHOT, without_examples(openapi(client)))


def test_every_answer_and_block_has_its_type(client: Client, db: None) -> None:
    described = openapi(client)
    schemas = described["components"]["schemas"]

    assert described["openapi"].startswith("3.1")
    for union in ("AnyDocument", "ArticleDocument"):
        assert union in schemas
    body = schemas["ArticleDocument"]["properties"]["body"]["items"]
    assert body["discriminator"]["propertyName"] == "type"
    for methods in described["paths"].values():
        for operation in methods.values():
            assert {"200", "400", "404", "429"} <= set(operation["responses"])
            schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
            assert list(schema) == ["$ref"], operation["operationId"]


def test_it_is_built_once_and_kept_by_clients(client: Client, db: None) -> None:
    etag = client.get(f"{ROOT}openapi.json").headers["ETag"]

    again = client.get(f"{ROOT}openapi.json", headers={"If-None-Match": etag})

    assert (again.status_code, again.content) == (304, b"")


def test_the_page_for_people_loads_nothing_from_elsewhere(client: Client, db: None) -> None:
    page = client.get(f"{ROOT}docs/").content.decode()

    assert "list_exercises" in page
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page


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


@pytest.mark.usefixtures("compiled")
def test_no_request_finds_a_fault_or_an_answer_that_is_not_written_down(
    settings: Settings,
) -> None:
    settings.API_LIMIT_ANONYMOUS = 0
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)  # as Django's own test client does
    schema = schemathesis.openapi.from_wsgi(f"{ROOT}openapi.json", application)
    for operation in schema.get_all_operations():
        assert isinstance(operation, Ok)
        try_out(operation.ok())
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def try_out(operation: Any) -> None:
    for mode in GenerationMode:
        asked = operation.as_strategy(generation_mode=mode)

        @bounded(
            max_examples=8,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=asked)
        def one(case: Any) -> None:
            case.call_and_validate(checks=CHOSEN)

        one()
