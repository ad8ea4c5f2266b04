"""What all tests share."""

from collections.abc import Iterator, Sequence

import pytest
import pytest_django.fixtures
from django.db import connections
from django.utils import translation
from pytest_django import DjangoDbBlocker, Settings
from wagtail.models import Site

from tests import committed as commits
from tests.domain import profiles

profiles.load()


@pytest.fixture(autouse=True)
def _static_files_as_they_are(settings: Settings) -> None:
    """Pages name their files as they lie in the tree; nobody runs `collectstatic` for a test."""
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": plain}}


@pytest.fixture(autouse=True)
def _all_come_from_here(settings: Settings) -> None:
    """The tests of an hour are one network's signups; a test of the bounds sets its own."""
    settings.SIGNUP_LIMIT_NETWORK = settings.SIGNUP_LIMIT_SITE = 100_000


@pytest.fixture(autouse=True)
def _sites_as_they_are() -> None:
    """Wagtail keeps in the cache where sites begin, and a test that is rolled back leaves it so."""
    Site.clear_site_root_paths_cache()


@pytest.fixture(autouse=True)
def _the_default_language() -> Iterator[None]:
    """A request turns its thread to its own language, and the next one would turn it back."""
    translation.deactivate()
    yield
    translation.deactivate()


def the_database(items: Sequence[pytest.Item]) -> tuple[set[str], set[str]]:
    return {"default"}, set()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Threads of a live server would keep their connections, and the database could not go."""
    connections.settings["default"]["CONN_MAX_AGE"] = 0
    # pytest-django makes the test database only when it sees a test that asks for it by `db` or its
    # own mark. A run of `committed` tests alone would else write to the real one.
    pytest_django.fixtures._get_databases_for_setup = the_database


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        commits.remember()


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database that threads and other processes see. Instead of `django_db(transaction=True)`."""
    with django_db_blocker.unblock():
        commits.restore()
        yield
        commits.restore()
        connections.close_all()
