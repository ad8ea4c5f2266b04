from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from cms.integrations import doorbell, webhooks
from cms.integrations.models import WebhookEndpoint
from tests.cms.integrations import receiver as receivers
from tests.cms.integrations.receiver import Receiver

EVENT = "page.published"


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A server on this machine, which the settings allow for once."""
    settings.WEBHOOK_INTERNAL_HOSTS = ["localhost"]
    with receivers.listening() as server:
        yield server


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The rings that would have gone to the broker."""
    heard: list[str] = []
    monkeypatch.setattr(doorbell.send_webhooks, "delay", lambda: heard.append("ring"))
    return heard


def endpoint(url: str, *, events: list[str] | None = None, **fields: Any) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        name="website", url=url, events=[EVENT] if events is None else events, **fields
    )


def announced(number: int = 1) -> None:
    for page in range(number):
        webhooks.announce(EVENT, {"page": {"id": page}})
