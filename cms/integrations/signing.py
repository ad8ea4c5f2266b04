"""Secrets of webhooks, and signatures as Standard Webhooks has them.

A secret is an HMAC of a random nonce under a key of `LINK_KEYS`: a stolen database signs nothing. A
delivery carries a signature for each nonce and key that counts: receivers accept any that fits,
which is what makes both rotations smooth.
"""

import hmac
import secrets
from base64 import b64encode
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.utils import timezone
from standardwebhooks import Webhook

GRACE = timedelta(days=1)  # how long the secret before a new one still signs
NONCE_BYTES = 16
LABEL = b"webhook secret:"


def new_nonce() -> str:
    return secrets.token_hex(NONCE_BYTES)


def current(nonce: str, previous: str, *, until: datetime | None) -> list[str]:
    """The nonces that count now, newest first."""
    in_grace = bool(previous) and until is not None and until > timezone.now()
    return [nonce, previous] if in_grace else [nonce]


def derive(key: str, nonce: str) -> bytes:
    return hmac.digest(key.encode(), LABEL + nonce.encode(), sha256)


def secret(nonce: str) -> str:
    """What the receiver is given, once: `whsec_` and 256 bits."""
    return "whsec_" + b64encode(derive(settings.LINK_KEYS[0], nonce)).decode()


def headers(event_id: str, body: str, *, nonces: list[str], now: datetime) -> dict[str, str]:
    """`now` is the time of this attempt: receivers refuse what is older than five minutes."""
    signatures = [
        Webhook(derive(key, nonce)).sign(event_id, now, body)
        for nonce in nonces
        for key in settings.LINK_KEYS
    ]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
