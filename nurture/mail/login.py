"""Logging in to a relay (RFC 4954): by password, or by an access token."""

import base64
from collections.abc import Awaitable, Callable, Collection

from nurture.domain.hosts import is_near
from nurture.domain.provider import OAuth2, Provider
from nurture.domain.retry import Answer
from nurture.mail import oauth
from nurture.mail.turns import Turns

LOGGED_IN = 235
GO_ON = 334
PERMANENT = range(500, 600)

Say = Callable[[str], Awaitable[int]]  # a line to the relay; its answer's code


class NoWayIn(Exception):
    """Nothing was tried at the relay. The text says why, without a secret."""

    def __init__(self, cause: str, answer: Answer = Answer.NOT_US) -> None:
        self.answer = answer
        super().__init__(cause)


async def log_in(provider: Provider, *, offered: Collection[str], say: Say, turns: Turns) -> int:
    """The relay's last code. Raises `NoWayIn`."""
    if provider.encryption == "none" and not is_near(provider.host):
        raise NoWayIn("no log-in without encryption")
    if provider.oauth2 and "XOAUTH2" in offered:
        return await by_token(provider.user, provider.oauth2, say, turns)
    if provider.oauth2:
        raise NoWayIn("the relay offers no XOAUTH2")
    if "PLAIN" in offered:
        plain = f"\0{provider.user}\0{provider.password}"
        return await say(f"AUTH PLAIN {encoded(plain)}")
    if "LOGIN" in offered:
        return await step_by_step(provider.user, provider.password, say)
    raise NoWayIn("the relay offers neither PLAIN nor LOGIN")


async def step_by_step(user: str, password: str, say: Say) -> int:
    code = GO_ON
    for words in ("AUTH LOGIN", encoded(user), encoded(password)):
        if code == GO_ON:
            code = await say(words)
    return code


async def by_token(user: str, client: OAuth2, say: Say, turns: Turns) -> int:
    """XOAUTH2. A token that is refused before its time is fetched anew, once."""
    token, code = "", 0
    for _attempt in range(2):
        try:
            token = await oauth.access_token(client, turns, but=token)
        except oauth.Refused as error:
            raise NoWayIn(str(error)) from None
        except OSError as error:
            cause = str(error) or type(error).__name__
            raise NoWayIn(f"the token server: {cause}", Answer.AWAY) from None
        code = await say(f"AUTH XOAUTH2 {encoded(oauth.sasl(user, token))}")
        if code == GO_ON:  # the reason comes as a question, and an empty line asks for the code
            code = await say("")
        if code not in PERMANENT:
            break
    return code


def encoded(words: str) -> str:
    return base64.b64encode(words.encode()).decode()
