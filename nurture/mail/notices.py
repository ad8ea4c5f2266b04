"""What each mail says that is not part of a programme: its subject, its template, its values.

None of them names a programme or a diagnosis, and none repeats what was typed into a form: whoever
typed it may be somebody else.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from nurture.domain import consent, personalise
from nurture.domain.feedback import BadRules
from nurture.domain.states import MessageKind
from nurture.mail import links
from nurture.models import CheckIn, Correction, Message


class Incomplete(ValueError):
    """The row lacks what its mail is about."""


@dataclass(frozen=True, slots=True)
class Notice:
    subject: str
    template: str
    context: Mapping[str, object]


def notice(message: Message) -> Notice:
    """Raises `Incomplete`, and `KeyError` for a kind that is no notice."""
    return NOTICES[MessageKind(message.kind)](message)


def confirmation(message: Message) -> Notice:
    """The question whether it was really this person who signed up."""
    if message.consent is None:
        raise Incomplete("no consent")
    confirm_url = links.make(
        links.Purpose.CONFIRM,
        message.consent.public_id,
        expires=message.consent.created_at + consent.LINK_LIFETIME,
    )
    context = {"confirm_url": confirm_url, "lifetime_days": consent.LINK_LIFETIME.days}
    return Notice(_("Please confirm your e-mail address"), "confirmation", context)


def safety(message: Message) -> Notice:
    """What to do about a warning sign, as the mail that asked has promised it."""
    check_in = message.check_in
    if check_in is None:
        raise Incomplete("no check-in")
    context = {
        "safety_text": safety_text(check_in),
        "emergency_numbers": settings.EMERGENCY_NUMBERS,
        "practice_phone": settings.PRACTICE_PHONE,
    }
    return Notice(_("Please read this before you do anything else"), "safety", context)


def safety_text(check_in: CheckIn) -> str:
    """The editor's words for this step; empty if the step has none that can be read."""
    version = check_in.message.step_version
    try:
        rules = version.rules if version else None
    except BadRules:
        return ""
    return rules.safety_text if rules else ""


def staff(_message: Message) -> Notice:
    """To the practice: somebody needs a person. Who and why stands behind the log-in only."""
    context = {"admin_url": f"{settings.SITE_URL}/admin/"}
    return Notice(_("A subscriber needs your attention"), "staff", context)


def enrolled(message: Message) -> Notice:
    """Somebody signed up for what already runs: here is how to steer it."""
    since = message.planned_for
    context = {"preferences_url": links.preferences(message.subscriber, since=since)}
    return Notice(_("You are already signed up"), "enrolled", context)


def new_links(message: Message) -> Notice:
    since = message.planned_for
    context = {"preferences_url": links.preferences(message.subscriber, since=since)}
    return Notice(_("Your new link"), "links", context)


def export(message: Message) -> Notice:
    context = {
        "export_url": links.export(message.subscriber, since=message.planned_for),
        "lifetime_days": links.EXPORT_LIFETIME.days,
    }
    return Notice(_("Your data is ready"), "export", context)


def correction(message: Message) -> Notice:
    """What puts right an earlier mail, in the words of the practice."""
    if message.correction is None:
        raise Incomplete("no correction")
    person = message.subscriber
    ways = links.preferences(person, since=message.planned_for)
    return corrected(message.correction, first_name=person.first_name, preferences_url=ways)


def corrected(row: Correction, *, first_name: str, preferences_url: str) -> Notice:
    values = {
        "first_name": first_name,
        "without first_name": pgettext("instead of a first name: Hi there,", "there"),
    }
    text = personalise.into_text(row.text, values)
    context = {
        "paragraphs": [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()],
        "preferences_url": preferences_url,
    }
    return Notice(personalise.into_header(row.subject, values), "correction", context)


NOTICES: Mapping[MessageKind, Callable[[Message], Notice]] = {
    MessageKind.CONFIRMATION: confirmation,
    MessageKind.SAFETY: safety,
    MessageKind.STAFF: staff,
    MessageKind.ENROLLED: enrolled,
    MessageKind.LINKS: new_links,
    MessageKind.EXPORT: export,
    MessageKind.CORRECTION: correction,
}
