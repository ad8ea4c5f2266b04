"""What tells caches how long an answer is good, and what spares sending it again."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import http_date, parse_http_date_safe

JSON = "application/json"
SEPARATORS = {"Cache-Tag": ","}
ANY = "*"


@dataclass(frozen=True, slots=True)
class Known:
    """What the client has: entity tags, or a date if it sent none."""

    etags: list[str] = field(default_factory=list)
    since: datetime | None = None

    def has(self, etag: str, changed_at: datetime) -> bool:
        if self.etags:
            return etag in self.etags or ANY in self.etags
        return self.since is not None and changed_at.replace(microsecond=0) <= self.since


NOTHING = Known()


def known(request: HttpRequest) -> Known:
    """From If-None-Match, else from If-Modified-Since."""
    if tags := request.META.get("HTTP_IF_NONE_MATCH"):
        return Known([tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")])
    if date := request.META.get("HTTP_IF_MODIFIED_SINCE"):
        seconds = parse_http_date_safe(date)
        return Known(since=datetime.fromtimestamp(seconds, UTC) if seconds else None)
    return NOTHING


def combined(*parts: str) -> str:
    """One entity tag for an answer made of several things."""
    return sha256("\n".join(parts).encode()).hexdigest()[:32]


def respond(
    body: str | bytes | None,
    *,
    etag: str,
    changed_at: datetime | None = None,
    keys: Iterable[str] = (),
    language: str = "",
    media_type: str = JSON,
) -> HttpResponse:
    """A 200, or a 304 if there is no body because the client has it.

    What describes a body stays away with it (RFC 9110, 15.4.5): the cache has it from before.
    """
    response = HttpResponse(
        b"" if body is None else body,
        status=304 if body is None else 200,
        content_type=media_type,
    )
    headers = response.headers
    headers["ETag"] = f'"{etag}"'
    headers["Cache-Control"] = cache_control()
    if name := settings.API_SURROGATE_HEADER:
        headers[name] = SEPARATORS.get(name, " ").join(keys)
    if body is None:
        del headers["Content-Type"]
        return response
    if changed_at is not None:
        headers["Last-Modified"] = http_date(changed_at.timestamp())
    if language:
        headers["Content-Language"] = language
    return response


def cache_control() -> str:
    return (
        f"public, max-age={settings.API_MAX_AGE}, s-maxage={settings.API_SHARED_MAX_AGE}, "
        f"stale-while-revalidate={settings.API_STALE_WHILE_REVALIDATE}"
    )
