"""The feed for those who keep a copy: what changed since a cursor, removals included."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cms.documents import changes, working
from cms.integrations import tokens
from cms.integrations.models import Scope
from cms.models import Change
from cms.sample import Loaded
from tests.api.reading import ROOT, get


@pytest.fixture
def builder(client: Client, compiled: Loaded) -> "Builder":
    changes.number()
    return Builder(client)


class Builder:
    """A static builder: it comes back with the cursor that it was given."""

    def __init__(self, client: Client) -> None:
        self.client = client
        soon = timezone.now() + timedelta(days=1)
        token = tokens.make("builder", scopes=[Scope.CHANGES], expires_at=soon, user_id=None)
        self.headers: dict[str, Any] = {"Authorization": f"Bearer {token}"}
        self.cursor = ""

    def ask(self, limit: int = 500) -> dict[str, Any]:
        cursor = f"&cursor={self.cursor}" if self.cursor else ""
        answer: dict[str, Any] = get(self.client, f"changes/?limit={limit}{cursor}", **self.headers)
        self.cursor = answer["next"]
        return answer

    def told(self) -> set[tuple[str, str]]:
        working.work()
        changes.number()
        return {(item["change"], item["path"]) for item in self.ask()["items"]}


def test_a_builder_begins_with_everything_in_parts(builder: Builder) -> None:
    parts = [builder.ask(limit=3)]
    while parts[-1]["more"]:
        parts.append(builder.ask(limit=3))

    items = [item for part in parts for item in part["items"]]
    assert len(parts) > 2
    assert len(items) == len({(item["type"], item["id"]) for item in items}) == 8
    assert {item["change"] for item in items} == {"changed"}
    assert builder.ask()["items"] == []


def test_a_change_comes_once_however_often_it_happened(builder: Builder, compiled: Loaded) -> None:
    builder.ask()
    page = compiled.article
    for notice in ("Read on.", "Read on, please."):
        page.notice = notice
        page.save_revision().publish()

    assert builder.told() == {("changed", "/hip/run-again/")}
    assert builder.told() == set()


def test_what_is_taken_back_is_told_as_removed(builder: Builder, compiled: Loaded) -> None:
    builder.ask()
    compiled.exercises["move-2"].unpublish()
    compiled.article.delete()

    told = builder.told()

    assert {path for change, path in told if change == "removed"} == {
        "/exercises/move-2/",
        "/hip/run-again/",
    }
    assert ("changed", "/exercises/move-1/") in told


def test_a_page_that_moves_is_told_with_its_new_path(builder: Builder, compiled: Loaded) -> None:
    builder.ask()
    page = compiled.exercises["move-2"]
    page.slug = "moved"
    page.save_revision().publish()

    assert ("changed", "/exercises/moved/") in builder.told()


def test_what_is_not_committed_has_no_number_yet(builder: Builder) -> None:
    """A later number that is seen first would hide an earlier one for ever."""
    builder.ask()
    Change.objects.filter(path="/hip/").update(number=None)

    assert builder.ask()["items"] == []
    assert builder.told() == {("changed", "/hip/")}


def test_the_feed_is_kept_in_no_cache(builder: Builder) -> None:
    answer = builder.client.get(f"{ROOT}changes/", headers=builder.headers)

    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Authorization" in answer.headers["Vary"]
