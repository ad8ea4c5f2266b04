"""Our signature on a mail (DKIM). The library does all but the arithmetic, which it does in Python.

Its own RSA takes 12 ms for a mail, OpenSSL's a quarter of one: see docs/performance-sending.md.
"""

from base64 import b64encode
from hashlib import sha256

import dkim
from dkim.canonicalization import CanonicalizationPolicy

from nurture.domain.dkim_keys import Signer

# What nobody may change on the way. From twice: so nobody can add a second one either.
SIGNED = (
    b"from", b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type",
    b"content-transfer-encoding", b"list-id", b"list-unsubscribe", b"list-unsubscribe-post",
    b"auto-submitted",
)  # fmt: skip
POLICY = CanonicalizationPolicy.from_c_value(b"relaxed/simple")
# The library's way for a key that signs a digest itself; the header says which kind it is.
BY_KEY = b"ed25519-sha256"


class Arithmetic:
    """A key as the library wants one: it takes a digest and has a `signature`."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def sign(self, digest: bytes) -> "Arithmetic":
        self.signature = self._signer.sign(digest)
        return self


def signed(content: bytes, signer: Signer) -> bytes:
    """The same mail with our signature in front. It has CRLF line ends, as it goes out."""
    head, _blank, body = content.partition(b"\r\n\r\n")
    mail = dkim.DKIM(head + b"\r\n\r\n", signature_algorithm=BY_KEY)
    mail.hasher = sha256
    present = {name.lower() for name, _value in mail.headers}
    covered = [name for name in SIGNED if name in present]
    digest = sha256(POLICY.canonicalize_body(body)).digest()
    fields = [
        (b"v", b"1"),
        (b"a", f"{signer.algorithm}-sha256".encode()),
        (b"c", POLICY.to_c_value()),
        (b"d", signer.domain.encode()),
        (b"s", signer.selector.encode()),
        (b"h", b" : ".join(covered)),
        (b"bh", b64encode(digest)),
        (b"b", b"0" * 60),
    ]
    header: bytes = mail.gen_header(fields, covered, POLICY, b"DKIM-Signature", Arithmetic(signer))
    return b"DKIM-Signature: " + header + content
