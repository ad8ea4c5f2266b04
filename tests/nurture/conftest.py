from collections.abc import Iterator

import pytest
from pytest_django import Settings

from nurture import pace
from tests import smtp


@pytest.fixture(autouse=True)
def _no_search_index(settings: Settings) -> None:
    """Nothing here searches or asks where a page is used; keeping both up costs half the time."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}


@pytest.fixture(autouse=True)
def _nobody_asked_us_to_slow_down(settings: Settings) -> None:
    """What a relay of an earlier test said is forgotten."""
    redis = pace.client(settings.CELERY_BROKER_URL)
    for key in redis.scan_iter(f"{pace.PREFIX}*"):
        redis.delete(key)
    pace.alone = pace.Alone()


@pytest.fixture
def relay(settings: Settings) -> Iterator[smtp.Relay]:
    """A scripted relay that the settings point at."""
    with smtp.Relay() as server:
        settings.MAIL_PROVIDERS = (server.provider,)
        yield server
