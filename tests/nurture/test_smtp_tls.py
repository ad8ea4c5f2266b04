"""Mail leaves encrypted, to whom the certificate names, or not at all."""

import math
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from pytest_django import Settings

from nurture import sending
from nurture.domain.provider import Provider
from nurture.mail import smtp as smtp_of_ours
from nurture.models import Message, Sequence, StepVersion
from nurture.sending import PROGRAMME
from tests import authority, smtp
from tests.factories import published_sequence
from tests.nurture.steps import crowd
from tests.smtp import Phase

SCHEMES = {"smtps": True, "smtp+starttls": False}  # whether TLS begins at once
LARGE = "<p>Lift your heel, hold it for a while.</p>\n" * 30_000  # in lines that stay as they are
OUTAGE = ("deferred", 0, 0)  # waits, no attempt spent, nothing arrived


@pytest.fixture(params=SCHEMES)
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    return authority.trusted(tmp_path, monkeypatch)


@pytest.fixture
def sequence(db: None) -> Sequence:
    return published_sequence(steps=2, wait_days=7)


@contextmanager
def encrypting(settings: Settings, scheme: str, tls: ssl.SSLContext) -> Iterator[smtp.Relay]:
    """A relay that encrypts in the way that the settings ask for."""
    with smtp.Relay(tls=tls, at_once=SCHEMES[scheme]) as relay:
        use(settings, f"{scheme}://us:secret@localhost:{relay.port}")
        yield relay


def use(settings: Settings, url: str) -> None:
    settings.MAIL_PROVIDERS = (Provider(name="relay", url=url),)


def sent_to(relay: smtp.Relay) -> tuple[str, int, int]:
    sending.send_claimed(PROGRAMME)
    message = Message.objects.get()
    return message.state, message.attempts, len(relay.mails) + len(relay.unfinished)


def test_many_large_mails_share_one_connection(
    settings: Settings, ours: trustme.CA, sequence: Sequence, scheme: str
) -> None:
    settings.SMTP_CONNECTIONS = 1
    StepVersion.objects.update(html=LARGE)
    crowd(4, sequence)

    with encrypting(settings, scheme, authority.server(ours)) as relay:
        relay.extensions.append("PIPELINING")
        sending.send_claimed(PROGRAMME)

    assert relay.connections == 1
    assert set(relay.accepted.values()) == {1}
    assert [len(mail.content) > len(LARGE) for mail in relay.mails] == [True] * 4
    assert [mail.content.count(b"heel") for mail in relay.mails] == [30_000] * 4


def test_the_list_of_authorities_is_read_once_for_all_connections(
    settings: Settings, ours: trustme.CA, sequence: Sequence, scheme: str
) -> None:
    crowd(20, sequence)

    with encrypting(settings, scheme, authority.server(ours)) as relay:
        sending.send_claimed(PROGRAMME)

    assert relay.connections > 1
    assert len(relay.mails) == 20
    assert smtp_of_ours.tls.cache_info().misses == 1


def test_the_password_leaves_after_the_handshake_only(
    settings: Settings, ours: trustme.CA, sequence: Sequence, scheme: str
) -> None:
    crowd(1, sequence)

    with encrypting(settings, scheme, authority.server(ours)) as relay:
        assert sent_to(relay) == ("accepted", 1, 1)

    assert relay.logins == [("PLAIN", "\0us\0secret")]


def test_an_authority_that_nobody_knows_gets_nothing(
    settings: Settings, ours: trustme.CA, sequence: Sequence, scheme: str
) -> None:
    crowd(1, sequence)

    with encrypting(settings, scheme, authority.server(trustme.CA())) as relay:
        assert sent_to(relay) == OUTAGE

    assert not relay.logins


def test_nor_does_a_certificate_for_another_name(
    settings: Settings, ours: trustme.CA, sequence: Sequence, scheme: str
) -> None:
    crowd(1, sequence)

    with encrypting(settings, scheme, authority.server(ours, "relay.example.org")) as relay:
        assert sent_to(relay) == OUTAGE

    assert not relay.logins


@pytest.mark.parametrize("how", ["not offered", "refused"])
def test_a_relay_whose_starttls_somebody_took_away_gets_nothing(
    settings: Settings, ours: trustme.CA, sequence: Sequence, how: str
) -> None:
    crowd(1, sequence)
    tls = None if how == "not offered" else authority.server(ours)

    with smtp.Relay(tls=tls, at_once=False) as relay:
        relay.refuse(Phase.STARTTLS, 454, times=math.inf)
        use(settings, f"smtp+starttls://us:secret@localhost:{relay.port}")
        assert sent_to(relay) == OUTAGE

    assert not relay.logins


def test_what_was_slipped_in_before_the_handshake_ends_the_conversation(
    settings: Settings, ours: trustme.CA, sequence: Sequence
) -> None:
    crowd(1, sequence)

    with encrypting(settings, "smtp+starttls", authority.server(ours)) as relay:
        relay.injected = b"250-evil\r\n250 AUTH PLAIN\r\n"
        assert sent_to(relay) == OUTAGE

    assert not relay.logins


def test_a_relay_that_speaks_no_tls_where_it_should_gets_nothing(
    settings: Settings, ours: trustme.CA, sequence: Sequence
) -> None:
    crowd(1, sequence)

    with smtp.Relay() as relay:
        use(settings, f"smtps://us:secret@localhost:{relay.port}")
        assert sent_to(relay) == OUTAGE

    assert not relay.logins


def test_one_that_falls_silent_in_the_handshake_is_away(
    settings: Settings, ours: trustme.CA, sequence: Sequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nurture.mail.smtp.CONNECT_SECONDS", 0.3)
    crowd(1, sequence)

    with smtp.Relay() as relay:
        relay.stall(Phase.GREETING, seconds=2)
        use(settings, f"smtps://us:secret@localhost:{relay.port}")
        assert sent_to(relay) == OUTAGE
