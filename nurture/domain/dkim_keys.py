"""The key that mails are signed with (DKIM: RFC 6376, RFC 8463), and what the DNS says of it."""

from base64 import b64encode
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

LEAST_BITS, GOOD_BITS = 1024, 2048
LONGEST_STRING = 255  # of which a TXT record may have several


class BadKey(ValueError):
    """Nothing to sign with. The text says why, and nothing of the key."""


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """Signs for a domain. The DNS of that domain holds the public half, under the selector."""

    domain: str
    selector: str
    key: RSAPrivateKey | Ed25519PrivateKey

    @property
    def algorithm(self) -> str:
        return "rsa" if isinstance(self.key, RSAPrivateKey) else "ed25519"

    @property
    def is_weak(self) -> bool:
        return isinstance(self.key, RSAPrivateKey) and self.key.key_size < GOOD_BITS

    def sign(self, digest: bytes) -> bytes:
        """A signature of a SHA-256 digest."""
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(digest, PKCS1v15(), Prehashed(SHA256()))
        return self.key.sign(digest)

    @property
    def record_name(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        public = self.key.public_key()
        if self.algorithm == "rsa":
            raw = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        else:
            raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return f"v=DKIM1; k={self.algorithm}; p={b64encode(raw).decode()}"

    @property
    def record_strings(self) -> list[str]:
        """The record as the strings that a zone file has it in."""
        record = self.record
        return [record[at : at + LONGEST_STRING] for at in range(0, len(record), LONGEST_STRING)]


def signer(*, domain: str, selector: str, key: str) -> Signer:
    """From the settings. Raises `BadKey`."""
    try:
        loaded = load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadKey("is no private key in PEM without a password") from None
    if not isinstance(loaded, RSAPrivateKey | Ed25519PrivateKey):
        raise BadKey("is neither an RSA nor an Ed25519 key")
    if isinstance(loaded, RSAPrivateKey) and loaded.key_size < LEAST_BITS:
        raise BadKey(f"has {loaded.key_size} bits; receivers want {GOOD_BITS}")
    return Signer(domain, selector, loaded)
