"""One received mail: its bytes as they came, and what can be read from them."""

import email
import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from functools import cached_property, lru_cache

SNIPPET_LENGTH = 140
RULED_LINE = re.compile(r"([-=_*~])\1{3,}")  # how a text part draws its headings
# What the standard library raises on a header or body that it cannot make sense of.
UNREADABLE = (MessageError, ValueError, LookupError, AttributeError, TypeError)


@dataclass(frozen=True)
class Part:
    """A picture or a file in a mail."""

    content_id: str
    content_type: str
    file_name: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """`recipients` are the envelope's, so they hold those in Bcc too."""

    raw: bytes
    recipients: tuple[str, ...] = ()
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def message_id(self) -> str:
        """Without angle brackets, as Mailpit shows it."""
        return self.header("Message-ID").strip().strip("<>")

    @cached_property
    def subject(self) -> str:
        return self.header("Subject")

    @cached_property
    def sender(self) -> Address:
        return next(iter(self.addresses("From")), Address())

    @cached_property
    def to(self) -> tuple[Address, ...]:
        named = self.addresses("To")
        return named or tuple(_address(recipient) for recipient in self.recipients)

    @cached_property
    def everyone(self) -> frozenset[str]:
        """Every address that this mail goes to, in lower case."""
        named = (address.addr_spec for address in (*self.to, *self.addresses("Cc")))
        return frozenset(address.lower() for address in (*named, *self.recipients))

    @property
    def text(self) -> str:
        return self._body("plain")

    @property
    def html(self) -> str:
        return self._body("html")

    @cached_property
    def snippet(self) -> str:
        return " ".join(RULED_LINE.sub(" ", self.text).split())[:SNIPPET_LENGTH]

    @cached_property
    def date(self) -> datetime:
        """The time in its Date header, or that of its arrival."""
        try:
            stated: datetime | None = self._message["Date"].datetime
        except UNREADABLE:
            stated = None
        return stated.replace(tzinfo=stated.tzinfo or UTC) if stated else self.created

    @property
    def headers(self) -> list[tuple[str, str]]:
        # As they stand in the mail: only unfolded, with their encoded words.
        stated = self._message.raw_items()
        return [(name, " ".join(_decoded(str(value)).split())) for name, value in stated]

    @property
    def parts(self) -> list[Part]:
        """What is not the text itself, in order."""
        bodies = {"text/plain", "text/html"}
        return [
            _part(part)
            for part in self._message.walk()
            if not part.is_multipart()
            and (part.get_content_type() not in bodies or part.is_attachment())
        ]

    def header(self, name: str) -> str:
        try:
            return _decoded(str(self._message[name] or ""))
        except UNREADABLE:
            return ""

    def addresses(self, name: str) -> tuple[Address, ...]:
        try:
            header = self._message[name]
            return tuple(_readable(address) for address in header.addresses) if header else ()
        except UNREADABLE:
            return ()

    @property
    def _message(self) -> EmailMessage:
        return _parsed(self.raw)

    def _body(self, kind: str) -> str:
        body = self._message.get_body(preferencelist=(kind,))
        try:
            return str(body.get_content()) if body else ""
        except UNREADABLE:
            # A character set that does not exist, for example.
            return _part(body).content.decode("utf-8", errors="replace") if body else ""


@lru_cache(maxsize=32)
def _parsed(raw: bytes) -> EmailMessage:
    """Few are remembered: a parsed mail takes several times the room of its bytes."""
    return email.message_from_bytes(raw, policy=policy.default)


def _decoded(text: str) -> str:
    """Bytes that are not ASCII come as surrogates from the parser; by SMTPUTF8 they are UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _readable(address: Address) -> Address:
    parts = (address.display_name, address.username, address.domain)
    return Address(*(_decoded(part) for part in parts))


def _address(text: str) -> Address:
    try:
        return Address(addr_spec=text)
    except UNREADABLE:
        return Address(display_name=text)


def _part(part: MIMEPart) -> Part:
    content = part.get_payload(decode=True)
    return Part(
        content_id=str(part.get("Content-ID", "")).strip().strip("<>"),
        content_type=part.get_content_type(),
        file_name=part.get_filename() or "",
        content=content if isinstance(content, bytes) else b"",
    )
