"""Logging in to a relay: by what it offers, and never where somebody could listen."""

import math
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from nurture import sending
from nurture.domain.provider import Provider
from nurture.mail import login, oauth
from nurture.mail.turns import Turns
from nurture.models import Message, Outage, Sequence
from nurture.sending import PROGRAMME
from tests import authority, smtp, tokens
from tests.factories import published_sequence
from tests.nurture.steps import crowd
from tests.smtp import Phase
from tests.tokens import TokenServer

pytestmark = pytest.mark.django_db

PASSWORD = "päss:word"
XOAUTH2 = "user=us@example.org\x01auth=Bearer token-{}\x01\x01"


@pytest.fixture
def sequence(db: None) -> Sequence:
    return published_sequence(steps=2, wait_days=7)


@pytest.fixture
def _one_waits(sequence: Sequence) -> None:
    crowd(1, sequence)


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    return authority.trusted(tmp_path, monkeypatch)


@pytest.fixture
def tokenserver(ours: trustme.CA) -> Iterator[TokenServer]:
    oauth.shelves.clear()  # a port may come again, and with it the token of another test
    with tokens.serving(authority.server(ours)) as server:
        yield server


def by_password(settings: Settings, relay: smtp.Relay, *offered: str) -> None:
    relay.extensions = [f"AUTH {' '.join(offered)}"]
    relay.secrets = {f"\0us\0{PASSWORD}", f"us\0{PASSWORD}"}
    settings.MAIL_PROVIDERS = (
        Provider(name="relay", url=f"smtp://us:p%C3%A4ss%3Aword@127.0.0.1:{relay.port}"),
    )


def by_token(settings: Settings, relay: smtp.Relay, server: TokenServer, **client: str) -> None:
    relay.extensions = ["AUTH LOGIN PLAIN XOAUTH2"]
    settings.MAIL_PROVIDERS = (
        Provider(
            name="relay",
            url=f"smtp://us%40example.org@127.0.0.1:{relay.port}",
            oauth2=server.client(**client),
        ),
    )


def sent(settings: Settings) -> tuple[str, str, int]:
    """What became of one mail: state, reason, attempts."""
    sending.send_claimed(PROGRAMME)
    message = Message.objects.order_by("pk").last()
    assert message
    return message.state, message.reason, message.attempts


ACCEPTED = ("accepted", "accepted_by_relay", 1)
REFUSES_US = ("deferred", "relay_refuses_us", 0)
AWAY = ("deferred", "relay_away", 0)


# ------------------------------------------------------------------ by password


@pytest.mark.parametrize(
    ("offered", "used"),
    [
        (["PLAIN"], "PLAIN"),
        (["LOGIN"], "LOGIN"),
        (["LOGIN", "CRAM-MD5", "PLAIN"], "PLAIN"),
        (["login", "plain"], "PLAIN"),
    ],
)
def test_the_password_goes_by_the_best_way_that_is_offered(
    settings: Settings, relay: smtp.Relay, sequence: Sequence, offered: list[str], used: str
) -> None:
    crowd(1, sequence)
    by_password(settings, relay, *offered)

    assert sent(settings) == ACCEPTED
    assert [mechanism for mechanism, _said in relay.logins] == [used]


@pytest.mark.parametrize("offered", [["CRAM-MD5"], ["XOAUTH2"], []])
def test_without_a_way_that_we_know_the_password_stays_here(
    settings: Settings, relay: smtp.Relay, sequence: Sequence, offered: list[str]
) -> None:
    crowd(1, sequence)
    by_password(settings, relay, *offered)

    assert sent(settings) == REFUSES_US
    assert not relay.logins


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_wrong_password_spends_no_attempt(
    settings: Settings, relay: smtp.Relay, sequence: Sequence, mechanism: str
) -> None:
    crowd(1, sequence)
    by_password(settings, relay, mechanism)
    relay.secrets = {"another"}

    assert sent(settings) == REFUSES_US
    assert Outage.objects.get().answer == "not_us"


def test_a_relay_that_cannot_look_up_passwords_now_is_away(
    settings: Settings, relay: smtp.Relay, sequence: Sequence
) -> None:
    crowd(1, sequence)
    by_password(settings, relay, "PLAIN")
    relay.refuse(Phase.AUTH, 454, times=math.inf)

    assert sent(settings) == AWAY


@pytest.mark.parametrize("offered", ["PLAIN", "LOGIN", "XOAUTH2"])
def test_no_secret_leaves_unencrypted_for_a_relay_far_away(offered: str) -> None:
    """The settings refuse such an address; who got one past them gets no further here."""
    far = Provider.model_construct(name="relay", url="smtp://us:secret@relay.example.org")
    said = []

    async def say(line: str) -> int:
        said.append(line)
        return 235

    with pytest.raises(login.NoWayIn, match="without encryption"):
        login.log_in(far, offered=[offered], say=say, turns=Turns()).send(None)

    assert not said


# ------------------------------------------------------------------ by token


def test_no_log_however_talkative_has_a_secret(
    settings: Settings,
    relay: smtp.Relay,
    tokenserver: TokenServer,
    sequence: Sequence,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    crowd(1, sequence)
    by_token(settings, relay, tokenserver, client_secret="hush", refresh_token="quiet")

    assert sent(settings) == ACCEPTED
    assert tokenserver.asked
    for secret in ("hush", "quiet", "token-1", smtp.encoded(XOAUTH2.format(1))):
        assert secret not in caplog.text


@pytest.mark.parametrize("way", ["refresh token", "client credentials"])
def test_a_token_is_fetched_and_said_to_the_relay(
    settings: Settings, relay: smtp.Relay, sequence: Sequence, tokenserver: TokenServer, way: str
) -> None:
    crowd(1, sequence)
    more = {"refresh_token": "r"} if way == "refresh token" else {"scope": "smtp.send"}
    by_token(settings, relay, tokenserver, client_secret="s", **more)
    relay.secrets = {XOAUTH2.format(1)}

    assert sent(settings) == ACCEPTED
    assert relay.logins == [("XOAUTH2", XOAUTH2.format(1))]
    grant = "refresh_token" if way == "refresh token" else "client_credentials"
    assert tokenserver.asked == [
        {"grant_type": grant, "client_id": "rehabit", "client_secret": "s", **more}
    ]


def test_all_connections_share_one_token_also_at_the_start(
    settings: Settings, relay: smtp.Relay, sequence: Sequence, tokenserver: TokenServer
) -> None:
    crowd(40, sequence)
    by_token(settings, relay, tokenserver, refresh_token="shared")
    tokenserver.seconds = 0.2

    sending.send_claimed(PROGRAMME)
    crowd(1, sequence)
    sending.send_claimed(PROGRAMME)

    assert relay.connections > 4
    assert len(relay.mails) == 41
    assert len(tokenserver.asked) == 1


def test_a_token_is_fetched_anew_shortly_before_it_expires(
    settings: Settings, relay: smtp.Relay, sequence: Sequence, tokenserver: TokenServer
) -> None:
    crowd(1, sequence)
    by_token(settings, relay, tokenserver, refresh_token="expiring")
    sending.send_claimed(PROGRAMME)
    shelf = oauth.shelves[tokenserver.client(refresh_token="expiring")]
    good_for = shelf.until - time.monotonic()
    shelf.until -= good_for
    crowd(1, sequence)

    sending.send_claimed(PROGRAMME)

    assert 3_500 < good_for <= 3_540
    assert [said for _how, said in relay.logins] == [XOAUTH2.format(1), XOAUTH2.format(2)]


def test_a_token_that_is_refused_is_fetched_anew_once(
    settings: Settings, relay: smtp.Relay, sequence: Sequence, tokenserver: TokenServer
) -> None:
    crowd(1, sequence)
    by_token(settings, relay, tokenserver, refresh_token="revoked")
    relay.secrets = {XOAUTH2.format(2)}

    assert sent(settings) == ACCEPTED
    assert len(tokenserver.asked) == 2
    assert relay.connections == 1


def test_two_refused_tokens_mean_that_the_relay_does_not_want_us(
    settings: Settings, relay: smtp.Relay, sequence: Sequence, tokenserver: TokenServer
) -> None:
    crowd(1, sequence)
    by_token(settings, relay, tokenserver, refresh_token="never right")
    relay.secrets = set()

    assert sent(settings) == REFUSES_US
    assert len(tokenserver.asked) == 2


@pytest.mark.parametrize(
    "failure",
    [
        (500, "{}"),
        (503, "<h1>down</h1>"),
        (429, '{"error": "rate_limited"}'),
        (400, '{"error": "temporarily_unavailable"}'),
        (200, "<h1>sign in to this network</h1>"),
        (200, '{"token_type": "Bearer"}'),
        (307, "{}"),
    ],
)
def test_a_token_server_that_is_not_at_work_is_a_relay_that_is_away(
    settings: Settings,
    relay: smtp.Relay,
    sequence: Sequence,
    tokenserver: TokenServer,
    failure: tuple[int, str],
) -> None:
    crowd(1, sequence)
    by_token(settings, relay, tokenserver, refresh_token=f"away {failure}")
    tokenserver.failures.append(failure)

    assert sent(settings) == AWAY
    assert len(tokenserver.asked) == 1
    assert not relay.logins


def test_so_is_one_that_nobody_vouches_for(
    settings: Settings, relay: smtp.Relay, sequence: Sequence, ours: trustme.CA
) -> None:
    crowd(1, sequence)
    with tokens.serving(authority.server(trustme.CA())) as impostor:
        by_token(settings, relay, impostor, refresh_token="not for you")

        assert sent(settings) == AWAY

    assert not impostor.asked


@pytest.mark.usefixtures("_one_waits")
@pytest.mark.parametrize("error", ["invalid_grant", "invalid_client", "unauthorized_client"])
def test_a_token_server_that_refuses_us_is_a_relay_that_does(
    settings: Settings,
    relay: smtp.Relay,
    tokenserver: TokenServer,
    caplog: pytest.LogCaptureFixture,
    error: str,
) -> None:
    caplog.set_level("DEBUG")
    by_token(settings, relay, tokenserver, client_secret="hush", refresh_token=f"secret {error}")
    body = f'{{"error": "{error}", "error_description": "hush secret {error}"}}'
    tokenserver.failures.append((400, body))

    assert sent(settings) == REFUSES_US
    assert f"the token server says {error}" in caplog.text
    assert "hush" not in caplog.text


def test_a_relay_that_takes_no_tokens_is_told_none(
    settings: Settings, relay: smtp.Relay, sequence: Sequence, tokenserver: TokenServer
) -> None:
    crowd(1, sequence)
    by_token(settings, relay, tokenserver, refresh_token="r")
    relay.extensions = ["AUTH PLAIN LOGIN"]

    assert sent(settings) == REFUSES_US
    assert not tokenserver.asked


def test_a_slow_token_server_holds_up_nobody_else(
    settings: Settings, relay: smtp.Relay, sequence: Sequence, tokenserver: TokenServer
) -> None:
    """The thread of the conversations stays free: others are served meanwhile."""
    tokenserver.seconds = 0.5
    turns, served = Turns(), []

    async def fetch() -> None:
        served.append(await oauth.access_token(tokenserver.client(refresh_token="slow"), turns))

    async def say() -> None:
        served.append("somebody else")

    turns.start(fetch())
    turns.start(say())
    while turns.going_on:
        turns.turn(1)
    turns.close()

    assert served == ["somebody else", "token-1"]


# ------------------------------------------------------------------ Django's own mails

BACKEND = "nurture.mail.backend.EmailBackend"


def resets_password(settings: Settings, client: Client) -> None:
    settings.EMAIL_BACKEND = BACKEND
    get_user_model().objects.create_superuser("vera", "vera@larkfield.example", "pw-of-vera-1")
    client.post(reverse("wagtailadmin_password_reset"), {"email": "vera@larkfield.example"})


def test_a_password_reset_goes_by_password(
    settings: Settings, relay: smtp.Relay, client: Client
) -> None:
    by_password(settings, relay, "PLAIN")

    resets_password(settings, client)

    assert relay.logins
    assert relay.mails[0].recipients == ("vera@larkfield.example",)


def test_a_password_reset_goes_by_token(
    settings: Settings, relay: smtp.Relay, tokenserver: TokenServer, client: Client
) -> None:
    by_token(settings, relay, tokenserver, refresh_token="for Django")
    relay.secrets = {XOAUTH2.format(2)}  # the first one is refused before its time

    resets_password(settings, client)

    assert [said for _how, said in relay.logins] == [XOAUTH2.format(1), XOAUTH2.format(2)]
    assert len(relay.mails) == 1


@pytest.mark.parametrize("trouble", ["relay", "token server"])
def test_whoever_asked_hears_that_nothing_went_out_if_we_may_not_log_in(
    settings: Settings, relay: smtp.Relay, tokenserver: TokenServer, trouble: str
) -> None:
    settings.EMAIL_BACKEND = BACKEND
    by_token(settings, relay, tokenserver, refresh_token=trouble)
    relay.secrets = set()
    if trouble == "token server":
        tokenserver.failures = [(400, '{"error": "invalid_grant"}')] * 2

    with pytest.raises(OSError, match=r"invalid_grant|535"):
        mail.send_mail("Hello", "you", None, ["vera@larkfield.example"])

    assert mail.send_mail("Hello", "you", None, ["v@larkfield.example"], fail_silently=True) == 0
    assert not relay.mails
