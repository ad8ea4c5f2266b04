"""API tokens: `rehabit_<id>_<secret>`, shown once and kept as a hash.

The secret has 192 random bits, so a plain SHA-256 keeps it. The id finds the row, the hash is
compared in constant time, and an unknown id costs the same comparison.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from cms.integrations.models import ApiToken, Scope

PREFIX = "rehabit"
ID_BYTES, SECRET_BYTES = 6, 24
NOBODY_HASH = sha256(b"no token has this hash").hexdigest()
# The list of tokens is no clock: one write in five minutes says whether a token is in use.
LAST_USE_STEP = timedelta(minutes=5)


class BadToken(PermissionError):
    """A token was given that is unknown, revoked or expired; which of these, nobody is told."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token that counts now."""

    id: int
    name: str
    scopes: frozenset[Scope]


def make(name: str, *, scopes: list[Scope], expires_at: datetime, user_id: int | None) -> str:
    """Store a new token; what comes back is shown to a person once and cannot be had again."""
    row = ApiToken(name=name, scopes=list(scopes), expires_at=expires_at)
    return issue(row, user_id=user_id)


def issue(row: ApiToken, *, user_id: int | None) -> str:
    """Give an unsaved row its secret and save it. See `make`."""
    secret = secrets.token_hex(SECRET_BYTES)
    row.public_id = secrets.token_hex(ID_BYTES)
    row.secret_hash = sha256(secret.encode()).hexdigest()
    row.created_by_id = user_id
    row.save()
    return f"{PREFIX}_{row.public_id}_{secret}"


def revoke(row: ApiToken) -> None:
    """From now on, for ever. The row stays, so that the list tells what there was."""
    ApiToken.objects.filter(pk=row.pk, revoked_at__isnull=True).update(revoked_at=Now())


def authenticate(header: str | None) -> Token | None:
    """The token in an `Authorization: Bearer` header; None without one.

    Raises `BadToken` if there is one that does not count: falling back to what everybody may see
    would hide from its owner that it has expired.
    """
    if not header:
        return None
    row = find(header)
    now = timezone.now()
    if row is None or row.revoked_at or row.expires_at <= now:
        raise BadToken
    note_use(row, now=now)
    return Token(row.pk, row.name, frozenset(Scope(scope) for scope in row.scopes))


def find(header: str) -> ApiToken | None:
    scheme, _space, given = header.partition(" ")
    prefix, _, rest = given.strip().partition("_")
    public_id, _, secret = rest.partition("_")
    if scheme.lower() != "bearer" or prefix != PREFIX or not public_id.isalnum():
        return None
    row = ApiToken.objects.filter(public_id=public_id[: ID_BYTES * 2]).first()
    expected = row.secret_hash if row else NOBODY_HASH
    genuine = hmac.compare_digest(sha256(secret.encode()).hexdigest(), expected)
    return row if genuine and row and row.public_id == public_id else None


def note_use(row: ApiToken, *, now: datetime) -> None:
    if row.last_used_at and row.last_used_at > now - LAST_USE_STEP:
        return
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - LAST_USE_STEP)
    ApiToken.objects.filter(stale, pk=row.pk).update(last_used_at=now)
