"""A mail's pieces as HTML that every mail program shows, and as text that was laid out by us."""

from typing import Any

import mrml
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from nurture.authoring import plain
from nurture.domain import personalise
from nurture.domain.alternatives import Choice
from nurture.models import MailSettings

# Gmail cuts a mail off at 102 kB, and with it the way to unsubscribe.
MAXIMUM_HTML_BYTES = 100_000
# The library knows where some fonts live and would load them from there, in every mail.
NO_WEB_FONTS = mrml.RenderOptions(fonts={})


class TooLong(ValueError):
    """A mail that mail programs would cut off."""


class Broken(ValueError):
    """Markup that the library cannot parse."""


def context(
    *, subject: str, preheader: str, notice: str, language: str, mail: MailSettings
) -> dict[str, Any]:
    """What all mails of a sequence have in common, and the two lines of this one."""
    return {
        "subject": subject,
        "preheader": preheader,
        "notice": notice,
        "language": language,
        "merge": {name: f"{{{{{name}}}}}" for name in personalise.SYSTEM_FIELDS},
        "practice_name": settings.PRACTICE_NAME,
        "practice_address": mail.address or settings.PRACTICE_ADDRESS,
        "practice_phone": mail.phone,
        "emergency_number": mail.emergency_number,
    }


def with_choice(pieces: list[dict[str, Any]], choice: Choice) -> list[dict[str, Any]]:
    """The pieces with one card in each slot."""
    positions = iter(choice)
    return [
        {**piece, "card": piece["cards"][next(positions)]} if "cards" in piece else piece
        for piece in pieces
    ]


def html(values: dict[str, Any]) -> str:
    """Raises `TooLong` and `Broken`."""
    markup = render_to_string("nurture/mail/step.mjml", values)
    try:
        output = mrml.to_html(markup, render_options=NO_WEB_FONTS)
    except OSError as error:  # what the library raises for markup that it cannot parse
        raise Broken(str(error)) from None
    made = str(output.content)
    if len(made.encode()) > MAXIMUM_HTML_BYTES:
        raise TooLong(_("this mail is longer than mail programs show; split it"))
    return made


def text(values: dict[str, Any]) -> str:
    return plain.lay_out(values)
