"""A step version as bytes that are ready but for a person's values.

Building MIME costs milliseconds and is the same for everybody, so it is done once per version and
process. What is left for one mail is to encode a few values and to join.
"""

import binascii
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.message import EmailMessage
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import NamedTuple

from nurture.domain import clicks, personalise
from nurture.mail.headers import POLICY
from nurture.models import StepVersion

CACHED_VERSIONS = 256  # at some 40 kB each
# What is published is a twentieth of this at most; more is a row that somebody broke.
LARGEST = 2_000_000
SOFT_BREAK = b"=\r\n"
ROUGH = re.compile(rb"(?<!\r)\n|\r(?!\n)|^\.|\n\.")
ESCAPES: Mapping[str, Callable[[str], str]] = {
    "text": personalise.one_line,
    "html": personalise.escaped,
}


class Slot(NamedTuple):
    """A place for one value: which field, and in which part it stands."""

    field: str
    part: str

    def encode(self, values: Mapping[str, str]) -> bytes:
        """The value as quoted-printable between soft breaks, so that no line grows too long."""
        value = ESCAPES[self.part](personalise.value_of(self.field, values))
        if not value:
            return b""
        encoded = binascii.b2a_qp(value.encode()).replace(b"\n", b"\r\n")
        if encoded.startswith(b".") or b"\n." in encoded:
            encoded = in_hexadecimal(value.encode())
        return SOFT_BREAK + encoded + SOFT_BREAK


@dataclass(frozen=True)
class Prepared:
    """The MIME headers and body of a version: literal bytes with slots between them."""

    subject: str
    literals: tuple[bytes, ...]
    slots: tuple[Slot, ...]
    fields: frozenset[str]  # those that it has a place for
    language: str = ""

    @cached_property
    def is_plain(self) -> bool:
        """Whether it has CRLF lines only, and none that begins with a dot, whatever the values."""
        return not any(ROUGH.search(literal) for literal in self.literals)

    def content(self, values: Mapping[str, str]) -> bytes:
        encoded: dict[Slot, bytes] = {}
        pieces = [self.literals[0]]
        for slot, literal in zip(self.slots, self.literals[1:], strict=True):
            if slot not in encoded:
                encoded[slot] = slot.encode(values)
            pieces += (encoded[slot], literal)
        return b"".join(pieces)


@lru_cache(maxsize=CACHED_VERSIONS)
def version(pk: int, choice: str = "", *, measured: bool = False) -> Prepared:
    """Versions never change, so neither does what is kept here. Raises `DoesNotExist`.

    `choice` names the variant with other exercises, if the message has one. `measured`: for people
    who agreed that their clicks are counted.
    """
    row = StepVersion.objects.select_related("locale").get(pk=pk)
    made = row.variants.get(choice=choice) if choice else row
    if len(made.text) + len(made.html) > LARGEST:
        raise ValueError("too large")
    html = clicks.with_fields(made.html) if measured else made.html
    ready = prepare(row.subject, text=made.text, html=html)
    return replace(ready, language=row.locale.language_code)


def prepare(subject: str, *, text: str, html: str) -> Prepared:
    """Build the MIME once with marks where values go, then cut it at the marks."""
    mark = secrets.token_hex(8)
    built = mime(
        text=marked(text, mark, "text"),
        html=marked(html, mark, "html"),
        boundary=boundary_of(text, html),
    )
    pieces = re.split(mark_pattern(mark), built)
    names, parts = pieces[1::3], pieces[2::3]
    slots = [
        Slot(bytes.fromhex(joined(name)).decode(), joined(part))
        for name, part in zip(names, parts, strict=True)
    ]
    fields = frozenset(slot.field for slot in slots)
    literals = [pieces[0], *map(undotted, pieces[3::3])]  # after a value a line begins
    return Prepared(subject, tuple(literals), tuple(slots), fields)


def undotted(encoded: bytes) -> bytes:
    """Quoted-printable that may begin a line, which is no longer than before."""
    if not encoded.startswith(b"."):
        return encoded
    return b"=2E" + SOFT_BREAK + undotted(encoded[1:])


def in_hexadecimal(value: bytes) -> bytes:
    """For a value of which a line would begin with a dot, wherever it is broken."""
    codes = [f"={byte:02X}".encode() for byte in value]
    lines = (codes[start : start + 24] for start in range(0, len(codes), 24))
    return SOFT_BREAK.join(map(b"".join, lines))


def boundary_of(text: str, html: str) -> str:
    """The same in every process, so that a mail that is sent again is the same mail."""
    number = int.from_bytes(sha256(f"{text}\0{html}".encode()).digest()[:12], "big")
    return f"==============={number}=="


def mime(*, text: str, html: str, boundary: str = "") -> bytes:
    """MIME headers and body with the two forms of a mail; the last is the one that is preferred."""
    mail = EmailMessage(policy=POLICY)
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    mail.set_boundary(boundary or boundary_of(text, html))
    return mail.as_bytes()


def marked(content: str, mark: str, part: str) -> str:
    """The content with each field as a mark of letters and digits, which no encoding touches."""
    return personalise.replace_fields(content, lambda name: f"{mark}x{name.encode().hex()}x{part}z")


def mark_pattern(mark: str) -> bytes:
    """A mark, also where a soft line break fell into it."""
    fold = rb"(?:=\r\n)?"
    letters = fold.join(re.escape(letter.encode()) for letter in f"{mark}x")
    hexadecimal = rb"((?:" + fold + rb"[0-9a-f])+?)"
    part = rb"((?:" + fold + rb"[a-y])+?)"
    return letters + hexadecimal + fold + rb"x" + part + fold + rb"z"


def joined(piece: bytes) -> str:
    return piece.replace(SOFT_BREAK, b"").decode()
