"""What goes wrong gets a problem document with the right status, and costs no query."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from cms.api import statements
from cms.integrations import tokens
from cms.integrations.models import Scope
from cms.sample import Loaded
from tests.api.reading import ROOT, get, refused


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("exercises/?cursor=bm90aGluZw", 400),
        ("exercises/?cursor=" + "A" * 900, 400),
        ("exercises/?limit=1000", 400),
        ("exercises/?muscle_typo=glute", 400),
        ("exercises/?level__contains=beg", 400),
        ("exercises/?last_reviewed__gte=yesterday", 400),
        ("exercises/?region__in=" + ",".join(["x"] * 30), 400),
        ("exercises/?slug=%00", 400),
        ("exercises/?locale=tlh", 400),
        ("exercises/?title__contains=" + "x" * 2_000, 414),
        ("exercises/not-an-id/", 400),
        ("redirects/?path=no-slash", 400),
        ("search/", 400),
        ("search/?q=" + "x" * 201, 400),
        ("changes/", 401),
        ("nothing/", 404),
        ("exercises", 404),
    ],
)
def test_a_request_that_is_wrong(
    client: Client,
    db: None,
    django_assert_num_queries: DjangoAssertNumQueries,
    path: str,
    status: int,
) -> None:
    with django_assert_num_queries(0):
        problem = get(client, path, status=status)

    assert problem["status"] == status
    assert problem["detail"]


def test_a_cursor_belongs_to_its_order(compiled: Loaded, client: Client) -> None:
    cursor = get(client, "exercises/?limit=1")["next"]

    assert list(refused(client, f"exercises/?order=-title&cursor={cursor}")) == ["cursor"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_api_only_reads(client: Client, db: None, method: str) -> None:
    response = getattr(client, method)(f"{ROOT}exercises/")

    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_client_that_speaks_no_json(client: Client, db: None) -> None:
    get(client, "exercises/", status=406, Accept="image/png")
    get(client, "exercises/", Accept="text/html,application/xml;q=0.9,*/*;q=0.8")


def test_a_token_that_does_not_count(client: Client, db: None) -> None:
    expired = tokens.make(
        "old", scopes=[Scope.CHANGES], expires_at=timezone.now() - timedelta(days=1), user_id=None
    )

    for token in (expired, "rehabit_0_0", "nonsense"):
        get(client, "exercises/", status=401, Authorization=f"Bearer {token}")


def test_a_token_without_the_scope(client: Client, db: None) -> None:
    token = tokens.make(
        "narrow", scopes=[Scope.DRAFTS], expires_at=timezone.now() + timedelta(1), user_id=None
    )

    get(client, "changes/", status=403, Authorization=f"Bearer {token}")


def test_more_requests_than_the_limit(client: Client, db: None, settings: Settings) -> None:
    settings.API_LIMIT_ANONYMOUS = 1
    client.get(f"{ROOT}exercises/", REMOTE_ADDR="192.0.2.7")

    response = client.get(f"{ROOT}exercises/", REMOTE_ADDR="192.0.2.7")

    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0


def test_a_database_that_is_away(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_values: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(statements, "tuples", away)

    get(client, "exercises/", status=503)


def test_another_site_may_read_and_is_told_how(client: Client, db: None) -> None:
    asked = client.options(f"{ROOT}exercises/", headers={"Origin": "https://front.example"})
    answer = client.get(f"{ROOT}exercises/", headers={"Origin": "https://front.example"})

    assert asked.status_code == 204
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_an_answer_depends_on_nothing_but_its_address(compiled: Loaded, client: Client) -> None:
    answer = client.get(f"{ROOT}exercises/", headers={"Accept-Language": "es"})

    assert "Vary" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"].startswith("public, ")


def test_head_is_get_without_the_body(compiled: Loaded, client: Client) -> None:
    whole = client.get(f"{ROOT}exercises/")

    head = client.head(f"{ROOT}exercises/")

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == whole.headers["ETag"]
    assert head.headers["Content-Length"] == str(len(whole.content))
