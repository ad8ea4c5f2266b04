"""Who answers is who the certificate names, or nothing is sent."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from pytest_django import Settings

from cms.integrations import outbound, sender, signing
from cms.integrations.models import WebhookAttempt, WebhookDelivery
from tests.cms.integrations import receiver as receivers
from tests.cms.integrations.conftest import announced, endpoint

pytestmark = pytest.mark.usefixtures("rings", "_as_from_a_new_process")


@pytest.fixture
def _as_from_a_new_process(settings: Settings) -> Iterator[None]:
    """Which authorities count is read once in each process."""
    settings.WEBHOOK_INTERNAL_HOSTS = ["localhost"]
    outbound.tls.cache_clear()
    yield
    outbound.tls.cache_clear()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """As an operator adds an authority of the practice's own."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return authority


def certified(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def reason_of_sending_to(tls: ssl.SSLContext) -> tuple[str, int]:
    """What the log says, and how much got through."""
    with receivers.listening(tls) as receiver:
        endpoint(receiver.url())
        announced()
        sender.run()
        return WebhookAttempt.objects.get().reason, len(receiver.posts)


def test_a_certificate_of_a_known_authority_is_delivered_to(db: None, trusted: trustme.CA) -> None:
    with receivers.listening(certified(trusted.issue_cert("localhost"))) as receiver:
        hook = endpoint(receiver.url())
        announced()

        sender.run()

    assert receiver.url().startswith("https://")
    assert receiver.posts[0].verified(signing.secret(hook.nonce))["type"] == "page.published"
    assert WebhookDelivery.objects.get().state == "delivered"


def test_one_that_nobody_vouches_for_gets_nothing(db: None, authority: trustme.CA) -> None:
    tls = certified(authority.issue_cert("localhost"))

    assert reason_of_sending_to(tls) == ("bad_certificate", 0)


def test_nor_does_one_for_another_name(db: None, trusted: trustme.CA) -> None:
    tls = certified(trusted.issue_cert("hooks.example.org"))

    assert reason_of_sending_to(tls) == ("bad_certificate", 0)


def test_nor_one_that_has_expired(db: None, trusted: trustme.CA) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    tls = certified(trusted.issue_cert("localhost", not_after=yesterday))

    assert reason_of_sending_to(tls) == ("bad_certificate", 0)
