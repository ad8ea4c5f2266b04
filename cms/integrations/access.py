"""The door of the API: who is it, may they, and how often. One call for each request.

admitted = access.admit(request, needs=Scope.CHANGES)   # raises Unauthorised, Forbidden, TooMany
response.headers.update(access.headers(admitted.verdict))
"""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from cms.integrations import client, limits, tokens
from cms.integrations.limits import Bucket, Verdict
from cms.integrations.models import Scope
from cms.integrations.tokens import BadToken, Token


class Refused(PermissionError):
    """The request goes no further. `status` and `headers` belong into the answer."""

    status = 403
    detail = "This token does not open this."

    def __init__(self, *, verdict: Verdict | None = None) -> None:
        super().__init__(self.detail)
        self.headers = headers(verdict) if verdict else {}


class Forbidden(Refused):
    """A good token without the scope that this needs."""


class Unauthorised(Refused):
    """No token where one is needed, or one that does not count."""

    status = 401
    detail = "This needs a valid API token: Authorization: Bearer rehabit_..."

    def __init__(self, *, verdict: Verdict | None = None) -> None:
        super().__init__(verdict=verdict)
        self.headers["WWW-Authenticate"] = "Bearer"


class TooMany(Refused):
    """More requests than the limit allows. `Retry-After` says when to come back."""

    status = 429
    detail = "Too many requests. Retry-After says in how many seconds to come back."

    def __init__(self, *, verdict: Verdict) -> None:
        super().__init__(verdict=verdict)
        self.headers["Retry-After"] = str(verdict.reset_seconds)


@dataclass(frozen=True, slots=True)
class Admitted:
    token: Token | None
    verdict: Verdict | None  # None where no limit is set


def admit(request: HttpRequest, *, needs: Scope | None = None) -> Admitted:
    """Let a request in, counted once. A bad token is counted by address, so nobody can guess on."""
    try:
        token = tokens.authenticate(request.META.get("HTTP_AUTHORIZATION"))
    except BadToken:
        raise Unauthorised(verdict=counted(request, None)) from None
    admitted = Admitted(token, counted(request, token))
    if needs:
        require(admitted, needs)
    return admitted


def require(admitted: Admitted, scope: Scope) -> None:
    """For who was let in before it was known what they want."""
    if admitted.token is None:
        raise Unauthorised(verdict=admitted.verdict)
    if scope not in admitted.token.scopes:
        raise Forbidden(verdict=admitted.verdict)


def counted(request: HttpRequest, token: Token | None) -> Verdict | None:
    bucket = bucket_of(token)
    if bucket.amount == 0:
        return None
    key = f"token {token.id}" if token else f"network {client.network(request)}"
    verdict = limits.meter(bucket, key)
    if not verdict.allowed:
        raise TooMany(verdict=verdict)
    return verdict


def bucket_of(token: Token | None) -> Bucket:
    """An amount of 0 means: no limit."""
    if token is None:
        return Bucket("anonymous", settings.API_LIMIT_ANONYMOUS)
    if Scope.HIGHER_LIMITS in token.scopes:
        return Bucket("higher", settings.API_LIMIT_HIGHER)
    return Bucket("token", settings.API_LIMIT_TOKEN)


def headers(verdict: Verdict | None) -> dict[str, str]:
    """The fields of the IETF draft `RateLimit header fields for HTTP`."""
    if verdict is None:
        return {}
    bucket = verdict.bucket
    return {
        "RateLimit-Policy": f'"{bucket.name}";q={bucket.amount};w={bucket.seconds}',
        "RateLimit": f'"{bucket.name}";r={verdict.remaining};t={verdict.reset_seconds}',
    }
