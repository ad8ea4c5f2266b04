"""Caches: how long, by which keys, and that they are told."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from cms.documents import changes, purging
from cms.models import Change
from cms.sample import Loaded
from tests.api.reading import ROOT


class Cache(HTTPServer):
    """Remembers what it is told to forget."""

    told: list[tuple[str, str | None]]


class Handler(BaseHTTPRequestHandler):
    server: Cache

    def do_PURGE(self) -> None:
        self.server.told.append((self.path, self.headers.get("xkey")))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def cache(settings: Settings) -> Iterator[Cache]:
    with Cache(("127.0.0.1", 0), Handler) as server:
        server.told = []
        Thread(target=server.serve_forever, daemon=True).start()
        location = f"http://127.0.0.1:{server.server_port}"
        settings.WAGTAILFRONTENDCACHE = {
            "default": {"BACKEND": "cms.caches.KeyedHTTPBackend", "LOCATION": location}
        }
        yield server
        server.shutdown()


def test_answers_say_how_long_they_are_good(
    compiled: Loaded, client: Client, settings: Settings
) -> None:
    settings.API_MAX_AGE, settings.API_SHARED_MAX_AGE = 5, 300
    settings.API_STALE_WHILE_REVALIDATE = 60
    settings.API_SURROGATE_HEADER = "Cache-Tag"
    key = compiled.exercises["move-1"].translation_key

    one = client.get(f"{ROOT}exercises/{key}/").headers
    many = client.get(f"{ROOT}exercises/").headers

    assert one["Cache-Control"] == "public, max-age=5, s-maxage=300, stale-while-revalidate=60"
    assert one["Cache-Tag"] == f"exercise-{key}-en-us"
    assert one["Content-Language"] == "en-us"
    assert many["Cache-Tag"] == "list-exercise"


def test_the_date_spares_as_well_as_the_tag(
    compiled: Loaded, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    path = f"{ROOT}exercises/{compiled.exercises['move-1'].translation_key}/"
    since = client.get(path).headers["Last-Modified"]

    with django_assert_num_queries(1):
        again = client.get(path, headers={"If-Modified-Since": since})
    other = client.get(path, headers={"If-Modified-Since": since, "If-None-Match": '"other"'})

    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


def test_what_has_not_changed_is_not_described_again(compiled: Loaded, client: Client) -> None:
    url = f"{ROOT}regions/{compiled.region.translation_key}/"
    whole = client.get(url)

    again = client.get(url, headers={"If-None-Match": whole["ETag"]})

    assert again.status_code == 304
    assert again["ETag"] == whole["ETag"]
    assert again["Cache-Control"] == whole["Cache-Control"]
    assert {"Content-Type", "Content-Language", "Last-Modified"} & set(again.headers) == set()


@pytest.mark.parametrize("path", ["regions/", "regions/{id}/", "exercises/"])
def test_to_ask_for_nothing_is_to_ask_for_what_is_usual(
    compiled: Loaded, client: Client, path: str
) -> None:
    url = ROOT + path.format(id=compiled.region.translation_key)

    assert client.get(url).content == client.get(url, {"locale": "en-us"}).content


def test_caches_are_told_by_address_and_by_key(compiled: Loaded, cache: Cache) -> None:
    purging.purge()
    cache.told.clear()
    page = compiled.exercises["move-1"]
    page.summary = "Another summary."
    page.save_revision().publish()

    purging.purge()

    paths = [path for path, _keys in cache.told]
    keys = " ".join(keys for _path, keys in cache.told if keys).split()
    assert f"/api/v1/exercises/{page.translation_key}/" in paths
    assert {f"exercise-{page.translation_key}-en-us", "list-exercise"} <= set(keys)
    assert purging.purge() == 0


def test_the_feed_tells_each_change_once_and_in_order(compiled: Loaded) -> None:
    changes.number()
    highest = Change.objects.order_by("-number").values_list("number", flat=True)[0] or 0
    compiled.exercises["move-2"].unpublish()

    changes.number()

    newer = Change.objects.filter(number__gt=highest)
    assert [(change.path, change.removed) for change in newer] == [("/exercises/move-2/", True)]
