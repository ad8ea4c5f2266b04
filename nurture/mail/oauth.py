"""Access tokens for logging in to a relay (XOAUTH2), kept until shortly before they expire.

All connections of a process share them, and one that is needed by many at once is fetched once.
"""

import re
import time
from dataclasses import dataclass, field
from threading import Lock

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from requests import RequestException, Response

from nurture.domain.provider import OAuth2
from nurture.mail.turns import Turns, elsewhere

FETCH_SECONDS = 10.0  # to connect, and between two bytes
DEADLINE_SECONDS = 20.0
RESERVE_SECONDS = 60.0  # a token that ends so soon is as good as none
SHORT_SECONDS = 300.0  # how long one is kept of which nobody said how long it is good
NOT_NOW = frozenset({"server_error", "slow_down", "temporarily_unavailable"})
TOO_MANY = 429


class Refused(Exception):
    """The token server knows us and says no. The text is its code, never a secret."""


@dataclass(slots=True)
class Shelf:
    """The token of one client, and the lock of who fetches it."""

    lock: Lock = field(default_factory=Lock)
    token: str = ""
    until: float = 0.0
    failed_at: float = -1.0
    failure: str = ""
    refused: bool = False

    def good(self, but: str) -> str:
        return self.token if self.token != but and time.monotonic() < self.until else ""


shelves: dict[OAuth2, Shelf] = {}


async def access_token(client: OAuth2, turns: Turns, *, but: str = "") -> str:
    """A token, though not the one that was just refused (`but`).

    Raises `Refused`, and `OSError` if the token server is away.
    """
    shelf = shelves.setdefault(client, Shelf())
    if token := shelf.good(but):
        return token
    asked = time.monotonic()
    deadline = asked + DEADLINE_SECONDS
    return await elsewhere(turns, lambda: take(shelf, client, but, asked), deadline=deadline)


def access_token_here(client: OAuth2, *, but: str = "") -> str:
    """As `access_token`, for a thread that may block."""
    shelf = shelves.setdefault(client, Shelf())
    return shelf.good(but) or take(shelf, client, but, time.monotonic())


def take(shelf: Shelf, client: OAuth2, but: str, asked: float) -> str:
    """What another one fetched meanwhile, or failed to, else a token of our own. Blocks."""
    with shelf.lock:
        if token := shelf.good(but):
            return token
        if shelf.failed_at >= asked:
            raise (Refused if shelf.refused else OSError)(shelf.failure)
        try:
            token, lasts = fetch(client)
        except (Refused, OSError) as error:
            shelf.failed_at, shelf.failure = time.monotonic(), str(error)
            shelf.refused = isinstance(error, Refused)
            raise
        shelf.token, shelf.until = token, time.monotonic() + max(lasts - RESERVE_SECONDS, 1.0)
        return token


def fetch(client: OAuth2) -> tuple[str, float]:
    """A token, and for how many seconds it is good. Blocks. Raises what `access_token` does."""
    how = "client_secret_post" if client.client_secret else "none"
    with OAuth2Session(
        client.client_id,
        client.client_secret,
        token_endpoint_auth_method=how,
        scope=client.scope or None,
    ) as session:
        for moment in ("access_token_response", "refresh_token_response"):
            session.register_compliance_hook(moment, there)
        try:
            answer = ask(session, client)
            return str(answer["access_token"]), float(answer.get("expires_in") or SHORT_SECONDS)
        except OAuthError as error:
            code = re.sub(r"[^\w.-]", "", str(error.error))[:40]
            if code in NOT_NOW:
                raise OSError(code) from None
            raise Refused(f"the token server says {code}") from None
        except (RequestException, ValueError, KeyError, TypeError) as error:
            raise OSError(type(error).__name__) from None


def ask(session: OAuth2Session, client: OAuth2) -> dict[str, str | int]:
    """No redirect is followed: it would carry our secret to whoever it names."""
    if client.refresh_token:
        answer = session.refresh_token(
            client.token_url, client.refresh_token, timeout=FETCH_SECONDS, allow_redirects=False
        )
    else:
        answer = session.fetch_token(
            client.token_url,
            grant_type="client_credentials",
            timeout=FETCH_SECONDS,
            allow_redirects=False,
        )
    return dict(answer)


def there(response: Response) -> Response:
    """The answer, if it is one of a token server at work. Raises `ValueError`."""
    if not response.ok and (response.status_code >= 500 or response.status_code == TOO_MANY):  # noqa: PLR2004 - HTTP's own class
        raise ValueError("not now")
    if response.is_redirect:
        raise ValueError("a redirect")
    return response


def sasl(user: str, token: str) -> str:
    """The initial response of XOAUTH2, before base64."""
    return f"user={user}\x01auth=Bearer {token}\x01\x01"
