"""Signed links to people: made here, read here, nowhere else.

A token is opaque: 16 random bytes that name a row, 4 that hold an expiry (0 for none), and 16 of
an HMAC-SHA-256 over purpose, id and expiry. So a link for one purpose opens nothing else, and
guessing one means guessing 128 bits. The first key of `LINK_KEYS` signs, all of them verify.
"""

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.urls import reverse

SIGNATURE_BYTES = 16
BODY = struct.Struct(">16sI")
TOKEN_LENGTH = 48  # base64 of 36 bytes


class Purpose(StrEnum):
    """What a link may do. The value is part of what is signed."""

    CONFIRM = "confirm"
    UNSUBSCRIBE = "unsubscribe"


class BadLink(ValueError):
    """Nothing that we signed for this purpose."""


class ExpiredLink(BadLink):
    """Ours, but too old."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a genuine link points at."""

    public_id: UUID
    expires: datetime | None


def make(purpose: Purpose, public_id: UUID, *, expires: datetime | None = None) -> str:
    """The address of the page, on the configured site: a Host header has no say in it."""
    seconds = int(expires.timestamp()) if expires else 0
    body = BODY.pack(public_id.bytes, seconds)
    token = urlsafe_b64encode(body + sign(settings.LINK_KEYS[0], purpose, body)).decode()
    return settings.SITE_URL + reverse(purpose.value, args=[token])


def read(purpose: Purpose, token: str, *, now: datetime) -> Target:
    """Raises `ExpiredLink` or `BadLink`. A forged link and a foreign one look the same."""
    body, signature = unpack(token)
    if not any(
        hmac.compare_digest(signature, sign(key, purpose, body)) for key in settings.LINK_KEYS
    ):
        raise BadLink
    identifier, seconds = BODY.unpack(body)
    expires = datetime.fromtimestamp(seconds, UTC) if seconds else None
    if expires and expires < now:
        raise ExpiredLink
    return Target(UUID(bytes=identifier), expires)


def unpack(token: str) -> tuple[bytes, bytes]:
    if len(token) != TOKEN_LENGTH:
        raise BadLink
    try:
        raw = urlsafe_b64decode(token.encode("ascii"))
    except (NotBase64, UnicodeEncodeError):
        raise BadLink from None
    if len(raw) != BODY.size + SIGNATURE_BYTES:
        raise BadLink
    return raw[: BODY.size], raw[BODY.size :]


def sign(key: str, purpose: Purpose, body: bytes) -> bytes:
    digest = hmac.new(key.encode(), purpose.value.encode() + b"\x00" + body, sha256).digest()
    return digest[:SIGNATURE_BYTES]
