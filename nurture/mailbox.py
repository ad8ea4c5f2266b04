"""The mailbox that bounces come back to, for a plain SMTP relay: read over IMAP.

It also takes the e-mails by which some mail programs unsubscribe (RFC 2369). A mail is marked as
read once its effect is committed; after a crash between the two it is read again, and counts once.
"""

import imaplib
import logging
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from flufl.bounce import all_failures

from nurture import consent, events
from nurture.domain import bounces
from nurture.domain.states import EventKind
from nurture.mail import links, verp
from nurture.mail.links import TOKEN_LENGTH, BadLink, Purpose

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 30
BATCH = 200
LONGEST_BYTES = 512_000
OURS_IN = ("Delivered-To", "X-Original-To", "To", "Cc")
COPIES = {"message/rfc822", "text/rfc822-headers"}
DELAYED = re.compile(r"^Action:\s*delayed\b", re.IGNORECASE | re.MULTILINE)
TOKEN = re.compile(rf"(?<![\w-])[\w-]{{{TOKEN_LENGTH}}}(?![\w-])")
MESSAGE_ID = re.compile(r"^Message-ID:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE)
ENVELOPE_ID = re.compile(
    r"^Original-Envelope-Id:\s*([0-9a-f]{32})\s*$", re.IGNORECASE | re.MULTILINE
)
STATUS = re.compile(r"^Status:\s*([245]\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE)


class Unreachable(OSError):
    """The mailbox cannot be read now. The text names no password."""


def read() -> int:
    """Read what is new; how many mails were a bounce or a wish to leave. Raises `Unreachable`."""
    understood = 0
    with opened() as mailbox:
        for number in unread(mailbox):
            understood += taken(content(mailbox, number))
            mailbox.store(number, "+FLAGS", "\\Seen")
    return understood


def taken(raw: bytes) -> bool:
    """As `take`; a mail that the parsers stumble over is left to a person and stops no other."""
    try:
        return take(raw)
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        log.warning("a mail in the bounce mailbox cannot be read: %s", type(error).__name__)
        return False


def take(raw: bytes) -> bool:
    """Let one mail have its effect; whether it had one."""
    mail = message_from_bytes(raw, policy=policy.default)
    if bounce := bounce_in(mail):
        kind, reference = bounce
        key = str(mail.get("Message-ID") or raw[:4_096])
        return events.record(
            events.Report(
                kind=kind,
                source="mailbox",
                key=key,
                occurred_at=sent_at(mail),
                message=reference.message,
                message_id=reference.message_id,
            )
        )
    return leaves(mail)


# ------------------------------------------------------------------ what a mail says


@dataclass(frozen=True, slots=True)
class Reference:
    """Which of our mails is meant."""

    message: UUID | None = None
    message_id: str = ""


def bounce_in(mail: EmailMessage) -> tuple[EventKind, Reference] | None:
    """What happened to which mail of ours, if this tells of that."""
    kind = kind_of(mail)
    reference = reference_in(mail)
    return (kind, reference) if kind and reference else None


def kind_of(mail: EmailMessage) -> EventKind | None:
    """By the status that a server wrote down, else by what a library knows of old servers."""
    if "message/feedback-report" in {part.get_content_type() for part in mail.walk()}:
        return EventKind.COMPLAINED  # RFC 5965
    status = delivery_status(mail)
    if DELAYED.search(status):
        return EventKind.DELAYED
    if found := STATUS.search(status):
        return bounces.kind_of_status(found[1])
    temporary, permanent = all_failures(mail)
    if permanent:
        return EventKind.HARD_BOUNCE
    return EventKind.SOFT_BOUNCE if temporary else None


def delivery_status(mail: EmailMessage) -> str:
    parts = (part for part in mail.walk() if part.get_content_type() == "message/delivery-status")
    return "\n".join(part.as_string() for part in parts)


def reference_in(mail: EmailMessage) -> Reference | None:
    """By the address that it came to, by our name for it (RFC 3461), or by our headers inside."""
    for header in OURS_IN:
        for value in mail.get_all(header, []):
            for address in re.findall(r"[^\s<>,;:\"]+@[^\s<>,;:\"]+", str(value)):
                if message := verp.read(address):
                    return Reference(message=message)
    if named := ENVELOPE_ID.search(delivery_status(mail)):
        return Reference(message=UUID(hex=named[1]))
    for part in mail.walk():
        found = MESSAGE_ID.search(inside(part)) if part.get_content_type() in COPIES else None
        if found:
            return Reference(message_id=found[1])
    return None


def inside(part: EmailMessage) -> str:
    """The headers of the mail in this part, as text."""
    text = part.as_string()
    return text.partition("\n\n")[2]


def leaves(mail: EmailMessage) -> bool:
    """Whether somebody unsubscribed by this mail. The token decides, not who wrote it."""
    for token in TOKEN.findall(str(mail.get("Subject", ""))):
        try:
            target = links.read(Purpose.UNSUBSCRIBE, token, now=timezone.now())
            consent.withdraw(target.public_id, source="mailto")
        except (BadLink, consent.Gone):
            continue
        return True
    return False


def sent_at(mail: EmailMessage) -> datetime:
    """When it was written, as far as that can be believed: not in the future."""
    now = timezone.now()
    try:
        written = parsedate_to_datetime(str(mail["Date"]))
    except (TypeError, ValueError):
        return now
    return min(written if written.tzinfo else written.replace(tzinfo=UTC), now)


# ------------------------------------------------------------------ the mailbox itself


@contextmanager
def opened() -> Iterator[imaplib.IMAP4]:
    url = urlsplit(settings.BOUNCE_MAILBOX_URL)
    try:
        mailbox = connect(url.scheme, url.hostname or "", url.port)
        with mailbox:
            mailbox.login(unquote(url.username or ""), unquote(url.password or ""))
            mailbox.select(unquote(url.path.strip("/")) or "INBOX")
            yield mailbox
    except (imaplib.IMAP4.error, OSError) as error:
        raise Unreachable(f"the bounce mailbox: {type(error).__name__}") from None


def connect(scheme: str, host: str, port: int | None) -> imaplib.IMAP4:
    if scheme == "imaps":
        context = ssl.create_default_context()
        return imaplib.IMAP4_SSL(host, port or 993, ssl_context=context, timeout=TIMEOUT_SECONDS)
    return imaplib.IMAP4(host, port or 143, timeout=TIMEOUT_SECONDS)


def unread(mailbox: imaplib.IMAP4) -> list[str]:
    _answer, found = mailbox.search(None, "UNSEEN")
    return [number.decode() for number in (found[0] or b"").split()[:BATCH]]


def content(mailbox: imaplib.IMAP4, number: str) -> bytes:
    """The mail, cut off where no bounce is that long."""
    _answer, parts = mailbox.fetch(number, f"(BODY.PEEK[]<0.{LONGEST_BYTES}>)")
    return next((part[1] for part in parts if isinstance(part, tuple)), b"")
