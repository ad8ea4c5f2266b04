"""Keys to the API: made once, shown once, refused as soon as they should be."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from cms.integrations import access, limits, tokens
from cms.integrations.access import Forbidden, TooMany, Unauthorised
from cms.integrations.gathering import Gathering
from cms.integrations.models import ApiToken, Scope
from cms.models import User
from tests.cms import clinic

YEAR = timedelta(days=365)


@pytest.fixture(autouse=True)
def _own_counts(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test counts for itself, whatever Redis remembers of the last run."""
    monkeypatch.setattr(limits, "gathering", Gathering())
    settings.REDIS_URL = "redis://127.0.0.1:1/0"


def made(*scopes: Scope, lasts: timedelta = YEAR) -> str:
    return tokens.make(
        "website build", scopes=list(scopes), expires_at=timezone.now() + lasts, user_id=None
    )


def asked(token: str | None, *, rf: RequestFactory) -> HttpRequest:
    return rf.get("/", headers={"Authorization": f"Bearer {token}"} if token else {})


# ------------------------------------------------------------------ what counts


def test_a_token_opens_what_it_was_made_for(db: None) -> None:
    token = tokens.authenticate(f"Bearer {made(Scope.CHANGES)}")

    assert token
    assert token.name == "website build"
    assert token.scopes == frozenset({Scope.CHANGES})


def test_the_secret_is_nowhere_in_the_database(db: None) -> None:
    secret = made().rpartition("_")[2]

    [row] = ApiToken.objects.values()
    assert secret not in str(row)
    assert len(secret) == 48


SPOILT: dict[str, Callable[[str], str]] = {
    "another last letter": lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
    "longer": lambda token: token + "0",
    "shorter": lambda token: token[:-1],
    "another prefix": lambda token: token.replace("rehabit_", "other_"),
    "another id": lambda token: "rehabit_" + "0" * 12 + token[20:],
    "a longer id": lambda token: token[:20] + "0_" + token[21:],
    "empty": lambda _token: "rehabit__",
    "a NUL": lambda _token: "rehabit_\x00_a",
    "not ASCII": lambda _token: "é",
    "huge": lambda _token: "x" * 10_000,
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_changed_token_opens_nothing(db: None, how: str) -> None:
    token = made()

    with pytest.raises(tokens.BadToken):
        tokens.authenticate(f"Bearer {SPOILT[how](token)}")


@pytest.mark.parametrize("scheme", ["Basic", "Token", ""])
def test_only_bearer_is_spoken(db: None, scheme: str) -> None:
    with pytest.raises(tokens.BadToken):
        tokens.authenticate(f"{scheme} {made()}")


def test_no_header_is_no_token_and_no_query(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert tokens.authenticate(None) is None


def test_a_token_ends_when_it_expires(db: None) -> None:
    token = made(lasts=timedelta(hours=1))

    later = time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1))
    with later, pytest.raises(tokens.BadToken):
        tokens.authenticate(f"Bearer {token}")


def test_a_revoked_token_is_refused_at_once(db: None) -> None:
    token = made()

    tokens.revoke(ApiToken.objects.get())

    with pytest.raises(tokens.BadToken):
        tokens.authenticate(f"Bearer {token}")


def test_the_last_use_is_written_once_in_five_minutes(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    header = f"Bearer {made()}"
    with django_assert_num_queries(2):
        tokens.authenticate(header)

    with django_assert_num_queries(1):
        tokens.authenticate(header)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)), django_assert_num_queries(2):
        tokens.authenticate(header)


def test_the_database_refuses_a_scope_that_is_none(db: None) -> None:
    with pytest.raises(IntegrityError):
        ApiToken.objects.create(name="a", scopes=["everything"], expires_at=timezone.now())


# ------------------------------------------------------------------ the door of the API


def test_anybody_comes_in_without_a_token(db: None, rf: RequestFactory) -> None:
    admitted = access.admit(asked(None, rf=rf))

    assert admitted.token is None
    assert access.headers(admitted.verdict)["RateLimit-Policy"] == '"anonymous";q=1200;w=60'
    assert access.headers(admitted.verdict)["RateLimit"].startswith('"anonymous";r=1199;t=')


def test_a_bad_token_is_told_so_and_counted(db: None, rf: RequestFactory) -> None:
    with pytest.raises(Unauthorised) as refused:
        access.admit(asked("rehabit_a_b", rf=rf))

    assert refused.value.status == 401
    assert refused.value.headers["WWW-Authenticate"] == "Bearer"
    assert '"anonymous";r=1199' in refused.value.headers["RateLimit"]


def test_guessing_tokens_ends_at_the_limit(
    db: None, rf: RequestFactory, settings: Settings
) -> None:
    settings.API_LIMIT_ANONYMOUS = 2
    for _ in range(2):
        with pytest.raises(Unauthorised):
            access.admit(asked("rehabit_a_b", rf=rf))

    with pytest.raises(TooMany):
        access.admit(asked("rehabit_a_b", rf=rf))


def test_what_needs_a_scope_needs_a_token_with_it(db: None, rf: RequestFactory) -> None:
    with pytest.raises(Unauthorised):
        access.admit(asked(None, rf=rf), needs=Scope.CHANGES)
    with pytest.raises(Forbidden):
        access.admit(asked(made(Scope.DRAFTS), rf=rf), needs=Scope.CHANGES)

    admitted = access.admit(asked(made(Scope.CHANGES), rf=rf), needs=Scope.CHANGES)

    assert admitted.token


def test_too_many_requests_are_told_when_to_come_back(
    db: None, rf: RequestFactory, settings: Settings
) -> None:
    settings.API_LIMIT_ANONYMOUS = 1
    access.admit(asked(None, rf=rf))

    with pytest.raises(TooMany) as refused:
        access.admit(asked(None, rf=rf))

    assert refused.value.status == 429
    assert 0 < int(refused.value.headers["Retry-After"]) <= 61
    assert '"anonymous";r=0' in refused.value.headers["RateLimit"]


def test_a_token_has_a_limit_of_its_own_and_may_have_a_higher_one(
    db: None, rf: RequestFactory
) -> None:
    plain, higher = made(), made(Scope.HIGHER_LIMITS)

    policies = [access.admit(asked(token, rf=rf)).verdict for token in (plain, higher)]

    assert [verdict.bucket.name for verdict in policies if verdict] == ["token", "higher"]


def test_a_limit_of_nought_is_none(db: None, rf: RequestFactory, settings: Settings) -> None:
    settings.API_LIMIT_ANONYMOUS = 0

    assert access.headers(access.admit(asked(None, rf=rf)).verdict) == {}


# ------------------------------------------------------------------ in the admin


@pytest.fixture
def boss(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("boss", "boss@example.org", "secret"))
    return client


def form(**changes: Any) -> dict[str, Any]:
    later = timezone.now() + YEAR
    return {
        "name": "website build",
        "scopes": ["drafts"],
        "expires_at": later.strftime("%Y-%m-%d %H:%M"),
        **changes,
    }


def test_a_token_is_shown_once_to_whoever_makes_it(boss: Client) -> None:
    response = boss.post("/admin/integrations/tokens/new/", form())

    row = ApiToken.objects.get()
    shown = f"rehabit_{row.public_id}_"
    assert shown in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert shown not in boss.get("/admin/integrations/tokens/").content.decode()
    assert shown not in boss.get(f"/admin/integrations/tokens/edit/{row.pk}/").content.decode()


def test_the_list_tells_what_each_token_may_and_when_it_was_used(boss: Client) -> None:
    made(Scope.CHANGES)

    page = boss.get("/admin/integrations/tokens/").content.decode()

    assert "website build" in page
    assert "changes" in page


def test_revoking_in_the_admin_closes_the_door(boss: Client) -> None:
    token = made()

    row = ApiToken.objects.get()
    boss.post(f"/admin/integrations/tokens/delete/{row.pk}/")

    with pytest.raises(tokens.BadToken):
        tokens.authenticate(f"Bearer {token}")
    assert "Revoked" in boss.get("/admin/integrations/tokens/").content.decode()


@pytest.mark.parametrize("expires", ["2020-01-01 10:00", "2999-01-01 10:00", "soon", ""])
def test_a_token_expires_in_a_time_that_one_can_overlook(boss: Client, expires: str) -> None:
    response = boss.post("/admin/integrations/tokens/new/", form(expires_at=expires))

    assert response.status_code == 200
    assert not ApiToken.objects.exists()


def test_an_editor_neither_sees_nor_makes_tokens(client: Client, db: None) -> None:
    client.force_login(clinic.user("eve", "Editors"))

    responses = [
        client.get("/admin/integrations/tokens/"),
        client.post("/admin/integrations/tokens/new/", form()),
    ]

    assert [response.status_code for response in responses] == [302, 302]
    assert not ApiToken.objects.exists()
