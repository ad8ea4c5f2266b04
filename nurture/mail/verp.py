"""The address that a bounce comes back to. It says which mail bounced, and nobody can invent one.

    bounces+<26 bytes as base32>@care.example.org

The bytes are the message's id and ten of an HMAC-SHA-256. Base32 in lower case, since some servers
on the way write local parts as they like.
"""

import hmac
from base64 import b32decode, b32encode
from binascii import Error as NotBase32
from hashlib import sha256
from uuid import UUID

from django.conf import settings

ID_BYTES, SIGNATURE_BYTES = 16, 10
PADDING = "=" * 6


def sender(message_id: UUID) -> str | None:
    """The envelope sender of a mail, or None if nobody reads a bounce mailbox."""
    if not settings.BOUNCE_ADDRESS:
        return None
    local, _at, domain = settings.BOUNCE_ADDRESS.rpartition("@")
    signed = message_id.bytes + sign(settings.LINK_KEYS[0], message_id.bytes)
    tag = b32encode(signed).decode().rstrip("=").lower()
    return f"{local}+{tag}@{domain}"


def read(address: str) -> UUID | None:
    """The message that this address of ours stands for; None for any other address."""
    tag = address.partition("@")[0].rpartition("+")[2]
    try:
        raw = b32decode(tag.upper() + PADDING)
    except (NotBase32, ValueError):
        return None
    identifier, signature = raw[:ID_BYTES], raw[ID_BYTES:]
    genuine = (sign(key, identifier) for key in settings.LINK_KEYS)
    if not any(hmac.compare_digest(signature, own) for own in genuine):
        return None
    return UUID(bytes=identifier)


def sign(key: str, identifier: bytes) -> bytes:
    digest = hmac.new(key.encode(), b"bounce\x00" + identifier, sha256).digest()
    return digest[:SIGNATURE_BYTES]
