"""One laboratory for all fault tests; they share one xdist group, so that they share it."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker, Settings
from redis import Redis

from tests import smtp
from tests.faults.lab import Installation, Lab, django_looks_at


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "faults" in item.path.parts:
            item.add_marker(pytest.mark.xdist_group("faults"))


@pytest.fixture(scope="session")
def lab(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Lab]:
    name = connection.settings_dict["NAME"]
    migrated = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    opened = Lab.open(dump=migrated)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _no_search_index(settings: Settings) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}


@pytest.fixture
def relay(settings: Settings) -> Iterator[smtp.Relay]:
    with smtp.Relay() as server:
        settings.MAIL_PROVIDERS = (server.provider,)
        yield server


@pytest.fixture
def installation(
    lab: Lab, relay: smtp.Relay, django_db_blocker: DjangoDbBlocker
) -> Iterator[Installation]:
    """A migrated database of its own, Django looking at it, no process running yet."""
    with Redis.from_url(lab.redis.url) as broker:
        broker.flushall()
    there = Installation(lab, lab.new_database(), relay.port)
    with django_db_blocker.unblock(), django_looks_at(there.database):
        yield there
        there.stop()
