"""The bytes of one mail. What can be prepared was prepared at publish; here values go in."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from hashlib import sha256

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.template.loader import render_to_string
from django.utils.translation import override, pgettext

from nurture.domain import addresses, clicks, personalise
from nurture.domain.states import MessageKind
from nurture.mail import headers, links, notices, prepared, verp
from nurture.models import Message


class CannotCompose(ValueError):
    """A row from which no mail can be made: it fails alone and never stops the others."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the relay is told, and the message itself with CRLF line ends."""

    sender: str
    recipient: str
    content: bytes
    reference: str = ""  # what a delivery report names it by
    is_plain: bool = False  # certainly no line begins with a dot or ends in another way

    @property
    def fingerprint(self) -> str:
        return sha256(self.content).hexdigest()


def sender_address() -> str:
    return address_in(settings.MAIL_FROM)


@lru_cache(maxsize=8)
def address_in(header: str) -> str:
    return parseaddr(header)[1]


def envelope(message: Message) -> Envelope:
    """Raises `CannotCompose`."""
    try:
        kind = MessageKind(message.kind)
        with override(language_of(message)):
            if kind is MessageKind.PROGRAMME:
                content, is_plain = programme(message)
            else:
                content, is_plain = notice(message), False
    except (KeyError, ValueError, AttributeError, ObjectDoesNotExist) as error:
        raise CannotCompose(type(error).__name__) from error
    sender = verp.sender(message.public_id) or sender_address()
    recipient = addresses.wire(message.address)
    return Envelope(sender, recipient, content, message.public_id.hex, is_plain)


def language_of(message: Message) -> str:
    if message.kind == MessageKind.STAFF:
        return settings.LANGUAGE_CODE
    if message.correction_id is not None and message.correction:
        return message.correction.language  # its words are in no other
    return message.subscriber.language


def programme(message: Message) -> tuple[bytes, bool]:
    """A step of a sequence, as it was compiled, with this person's values; whether it is plain."""
    if message.step_version_id is None:
        raise CannotCompose("no step version")
    version = prepared.version(
        message.step_version_id, message.choice, measured=message.subscriber.clicks_count
    )
    unsubscribe = links.unsubscribe(message.subscriber)
    values = {
        "first_name": message.subscriber.first_name,
        "without first_name": nobody(version.language),
        "unsubscribe_url": unsubscribe,
        **personal_links(message, version.fields),
    }
    subject = personalise.into_header(version.subject, values)
    content = b"".join(
        (
            letter(message, subject=subject),
            # One list for all programmes: its name must not tell which one.
            headers.line("List-Id", f"<programme.{settings.MAIL_DOMAIN}>"),
            headers.unfolded("List-Unsubscribe", ways_out(unsubscribe)),
            headers.line("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            version.content(values),
        )
    )
    return content, version.is_plain


def ways_out(unsubscribe: str) -> str:
    """One address for a POST (RFC 8058), and one for a mail if somebody reads it (RFC 2369)."""
    if not settings.BOUNCE_MAILBOX_URL or not settings.BOUNCE_ADDRESS:
        return f"<{unsubscribe}>"
    token = unsubscribe.rstrip("/").rpartition("/")[2]
    return f"<{unsubscribe}>, <mailto:{settings.BOUNCE_ADDRESS}?subject=unsubscribe%20{token}>"


@lru_cache(maxsize=32)
def nobody(language: str) -> str:
    """What stands for the name of somebody who gave none, in the language of the mail."""
    with override(language or None):
        return pgettext("instead of a first name: Hi there,", "there")


def personal_links(message: Message, fields: Collection[str]) -> dict[str, str]:
    """The person's own links, only those that the mail has a place for: each costs a signature."""
    values = {
        name: links.check_in(message, number)
        for name, number in personalise.CHECK_IN_FIELDS.items()
        if name in fields
    }
    if message.subscriber.clicks_count:
        counted = clicks.FIELDS.keys() & set(fields)
        values |= {name: links.click(message, clicks.FIELDS[name]) for name in counted}
    if "preferences_url" in fields:
        since = message.planned_for
        values["preferences_url"] = links.preferences(message.subscriber, since=since)
    return values


def notice(message: Message) -> bytes:
    """One of the mails that are not part of a programme. No robot should answer it."""
    made = notices.notice(message)
    text, html = rendered(made)
    return b"".join(
        (
            letter(message, subject=made.subject),
            headers.line("Auto-Submitted", "auto-generated"),
            prepared.mime(text=text, html=html),
        )
    )


def rendered(made: notices.Notice) -> tuple[str, str]:
    """Text and HTML, in the language of the moment."""
    context = {
        **made.context,
        "subject": made.subject,
        "practice_name": settings.PRACTICE_NAME,
        "practice_address": settings.PRACTICE_ADDRESS,
    }
    text = render_to_string(f"nurture/mail/{made.template}.txt", context)
    return text, render_to_string(f"nurture/mail/{made.template}.html", context)


@lru_cache(maxsize=1)
def date_of(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC))


def letter(message: Message, *, subject: str) -> bytes:
    """Headers that every mail has. Raises `ValueError` for anything that would break out of one."""
    moment = message.composed_at.timestamp() if message.composed_at else time.time()
    return b"".join(
        (
            headers.line("From", settings.MAIL_FROM),
            headers.unfolded("To", addresses.wire(message.address), beyond_ascii=True),
            headers.line("Subject", subject),
            headers.line("Date", date_of(int(moment))),
            headers.line("Message-ID", message.message_id),
        )
    )
