"""The bytes of one mail. What can be prepared was prepared at publish; here values go in."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from email.utils import format_datetime, parseaddr
from hashlib import sha256

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from nurture.domain import addresses, consent, personalise
from nurture.domain.states import MessageKind
from nurture.mail import headers, links, prepared
from nurture.models import Message


class CannotCompose(ValueError):
    """A row from which no mail can be made: it fails alone and never stops the others."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the relay is told, and the message itself with CRLF line ends."""

    sender: str
    recipient: str
    content: bytes

    @property
    def fingerprint(self) -> str:
        return sha256(self.content).hexdigest()


def sender_address() -> str:
    return parseaddr(settings.MAIL_FROM)[1]


def envelope(message: Message) -> Envelope:
    """Raises `CannotCompose`."""
    try:
        with override(message.subscriber.language):
            content = COMPOSERS[MessageKind(message.kind)](message)
    except (KeyError, ValueError, AttributeError, ObjectDoesNotExist) as error:
        raise CannotCompose(type(error).__name__) from error
    return Envelope(sender_address(), addresses.wire(message.address), content)


def programme(message: Message) -> bytes:
    """A step of a sequence, as it was compiled, with this person's values."""
    if message.step_version_id is None:
        raise CannotCompose("no step version")
    version = prepared.version(message.step_version_id)
    unsubscribe = links.unsubscribe(message.subscriber)
    values = {
        "first_name": message.subscriber.first_name,
        "unsubscribe_url": unsubscribe,
        **personal_links(message, version.fields),
    }
    subject = personalise.into_header(version.subject, values)
    return b"".join(
        (
            letter(message, subject=subject),
            # One list for all programmes: its name must not tell which one.
            headers.line("List-Id", f"<programme.{settings.MAIL_DOMAIN}>"),
            headers.unfolded("List-Unsubscribe", f"<{unsubscribe}>"),
            headers.line("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            version.content(values),
        )
    )


def personal_links(message: Message, fields: Collection[str]) -> dict[str, str]:
    """The person's own links, only those that the mail has a place for: each costs a signature."""
    values = {
        name: links.check_in(message, number)
        for name, number in personalise.CHECK_IN_FIELDS.items()
        if name in fields
    }
    if "preferences_url" in fields:
        since = message.planned_for
        values["preferences_url"] = links.preferences(message.subscriber, since=since)
    return values


def confirmation(message: Message) -> bytes:
    """The question whether it was really this person who signed up.

    It says nothing that was typed into the form: whoever typed it may be somebody else.
    """
    if message.consent is None:
        raise CannotCompose("no consent")
    context = {
        "confirm_url": links.make(
            links.Purpose.CONFIRM,
            message.consent.public_id,
            expires=message.consent.created_at + consent.LINK_LIFETIME,
        ),
        "lifetime_days": consent.LINK_LIFETIME.days,
        "practice_name": settings.PRACTICE_NAME,
        "practice_address": settings.PRACTICE_ADDRESS,
    }
    text = render_to_string("nurture/mail/confirmation.txt", context)
    html = render_to_string("nurture/mail/confirmation.html", context)
    return b"".join(
        (
            letter(message, subject=_("Please confirm your e-mail address")),
            headers.line("Auto-Submitted", "auto-generated"),
            prepared.mime(text=text, html=html),
        )
    )


def letter(message: Message, *, subject: str) -> bytes:
    """Headers that every mail has. Raises `ValueError` for anything that would break out of one."""
    return b"".join(
        (
            headers.line("From", settings.MAIL_FROM),
            headers.unfolded("To", addresses.wire(message.address)),
            headers.line("Subject", subject),
            headers.line("Date", format_datetime(timezone.now())),
            headers.line("Message-ID", message.message_id),
        )
    )


COMPOSERS: Mapping[MessageKind, Callable[[Message], bytes]] = {
    MessageKind.CONFIRMATION: confirmation,
    MessageKind.PROGRAMME: programme,
}
