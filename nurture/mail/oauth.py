"""Access tokens for logging in to a relay (XOAUTH2), kept until shortly before they expire."""

import time
from threading import Lock

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from requests import RequestException

from nurture.domain.provider import OAuth2
from nurture.mail.turns import Turns, elsewhere

FETCH_SECONDS = 15.0
RESERVE_SECONDS = 60.0  # a token that ends so soon is as good as none
SHORT_SECONDS = 300.0  # how long one is kept of which nobody said how long it is good


class Refused(Exception):
    """The token server knows us and says no. The text is its code, never a secret."""


_known: dict[OAuth2, tuple[str, float]] = {}
_lock = Lock()


async def access_token(client: OAuth2, turns: Turns, *, anew: bool = False) -> str:
    """Raises `Refused`, and `OSError` if the token server does not answer."""
    with _lock:
        token, until = _known.get(client, ("", 0.0))
    if token and time.monotonic() < until and not anew:
        return token
    deadline = time.monotonic() + FETCH_SECONDS + 1
    token, lasts = await elsewhere(turns, lambda: fetch(client), deadline=deadline)
    with _lock:
        _known[client] = token, time.monotonic() + lasts - RESERVE_SECONDS
    return token


def fetch(client: OAuth2) -> tuple[str, float]:
    """A token, and for how many seconds it is good. Blocks. Raises what `access_token` does."""
    with OAuth2Session(
        client.client_id, client.client_secret, scope=client.scope or None
    ) as session:
        try:
            if client.refresh_token:
                answer = session.refresh_token(
                    client.token_url, client.refresh_token, timeout=FETCH_SECONDS
                )
            else:
                answer = session.fetch_token(
                    client.token_url, grant_type="client_credentials", timeout=FETCH_SECONDS
                )
        except OAuthError as error:
            raise Refused(f"the token server says {error.error}") from error
        except (RequestException, ValueError, KeyError) as error:
            raise OSError(type(error).__name__) from None
    return str(answer["access_token"]), float(answer.get("expires_in") or SHORT_SECONDS)


def sasl(user: str, token: str) -> str:
    """The initial response of XOAUTH2, before base64."""
    return f"user={user}\x01auth=Bearer {token}\x01\x01"
