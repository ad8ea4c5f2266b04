"""Signed links to people: made here, read here, nowhere else.

A token is opaque: 16 random bytes that name a row, 4 that hold an expiry (0 for none), one for the
answer that it gives, two for the generation of the person's links, and 16 of an HMAC-SHA-256 over
all of that and the purpose. So a link for one purpose opens nothing else, and guessing one means
guessing 128 bits. The first key of `LINK_KEYS` signs, all of them verify.

| purpose | names | lives |
|---|---|---|
| confirm | a request for consent | as the caller says: seven days |
| unsubscribe | a subscriber | for ever, and nobody can revoke it: leaving must always work |
| preferences | a subscriber | `PREFERENCES_LIFETIME` after the mail was planned |
| check-in | a message, and the number of the answer | `CHECK_IN_LIFETIME` after it was planned |
| export | a subscriber | `EXPORT_LIFETIME` after it was asked for |
| erase | a subscriber | `ERASE_LIFETIME` after it was asked for |
| click | a message, and the number of a link in it | for ever: it opens nothing of the person's |

Those four with a lifetime of their own are revoked all at once when the person's
`link_generation` moves on.
"""

import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from django.conf import settings

from cms import languages
from nurture.models import Message, Subscriber

SIGNATURE_BYTES = 16
BODY = struct.Struct(">16sIBH")
TOKEN_LENGTH = 52  # base64 of 39 bytes

PREFERENCES_LIFETIME = timedelta(days=120)
CHECK_IN_LIFETIME = timedelta(days=30)
EXPORT_LIFETIME = timedelta(days=2)
ERASE_LIFETIME = timedelta(hours=1)


class Purpose(StrEnum):
    """What a link may do. The value is part of what is signed."""

    CONFIRM = "confirm"
    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    CHECK_IN = "check-in"
    EXPORT = "export"
    ERASE = "erase"
    CLICK = "click"


# The first part of the path, which tells an onlooker as little as the token does.
PREFIXES = {
    Purpose.CONFIRM: "c",
    Purpose.UNSUBSCRIBE: "u",
    Purpose.PREFERENCES: "m",
    Purpose.CHECK_IN: "k",
    Purpose.EXPORT: "d",
    Purpose.ERASE: "x",
    Purpose.CLICK: "r",
}
REVOCABLE = frozenset({Purpose.PREFERENCES, Purpose.CHECK_IN, Purpose.EXPORT, Purpose.ERASE})


class BadLink(ValueError):
    """Nothing that we signed for this purpose."""


class ExpiredLink(BadLink):
    """Ours, but too old. `target` is what it stood for."""

    def __init__(self, target: "Target") -> None:
        super().__init__()
        self.target = target


@dataclass(frozen=True, slots=True)
class Target:
    """What a genuine link points at. `answer` counts from one; 0 stands for none."""

    purpose: Purpose
    public_id: UUID
    expires: datetime | None
    answer: int
    generation: int

    def check(self, subscriber: Subscriber) -> None:
        """Raises `BadLink` if this person's links were revoked since it was made."""
        if self.purpose in REVOCABLE and self.generation != subscriber.link_generation:
            raise BadLink


def make(
    purpose: Purpose,
    public_id: UUID,
    *,
    expires: datetime | None = None,
    answer: int = 0,
    generation: int = 0,
) -> str:
    """The address of the page, on the configured site: a Host header has no say in it."""
    seconds = int(expires.timestamp()) if expires else 0
    body = BODY.pack(public_id.bytes, seconds, answer, generation)
    token = urlsafe_b64encode(body + sign(settings.LINK_KEYS[0], purpose, body)).decode()
    prefix = languages.prefix(languages.active())  # the page speaks as the mail does
    return f"{settings.SITE_URL}{prefix}/{PREFIXES[purpose]}/{token}/"


def unsubscribe(subscriber: Subscriber) -> str:
    return make(Purpose.UNSUBSCRIBE, subscriber.public_id)


def preferences(subscriber: Subscriber, *, since: datetime) -> str:
    return personal(Purpose.PREFERENCES, subscriber, until=since + PREFERENCES_LIFETIME)


def export(subscriber: Subscriber, *, since: datetime) -> str:
    return personal(Purpose.EXPORT, subscriber, until=since + EXPORT_LIFETIME)


def erase(subscriber: Subscriber, *, since: datetime) -> str:
    return personal(Purpose.ERASE, subscriber, until=since + ERASE_LIFETIME)


def personal(purpose: Purpose, subscriber: Subscriber, *, until: datetime) -> str:
    """A link to a person's own page, until it expires or the person's links are revoked."""
    return make(purpose, subscriber.public_id, expires=until, generation=subscriber.link_generation)


def check_in(message: Message, answer: int) -> str:
    """The link of one answer to this mail; answers are numbered from one, as the rules list them.

    The message comes with its subscriber.
    """
    return make(
        Purpose.CHECK_IN,
        message.public_id,
        expires=message.planned_for + CHECK_IN_LIFETIME,
        answer=answer,
        generation=message.subscriber.link_generation,
    )


def click(message: Message, number: int) -> str:
    """The counted address of one link of this mail, numbered from one."""
    return make(Purpose.CLICK, message.public_id, answer=number)


def read(purpose: Purpose, token: str, *, now: datetime) -> Target:
    """Raises `ExpiredLink` or `BadLink`. A forged link and a foreign one look the same.

    Whoever looks up the person calls `Target.check`.
    """
    body, signature = unpack(token)
    if not any(
        hmac.compare_digest(signature, sign(key, purpose, body)) for key in settings.LINK_KEYS
    ):
        raise BadLink
    identifier, seconds, answer, generation = BODY.unpack(body)
    expires = datetime.fromtimestamp(seconds, UTC) if seconds else None
    target = Target(purpose, UUID(bytes=identifier), expires, answer, generation)
    if expires and expires < now:
        raise ExpiredLink(target)
    return target


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
