"""Putting right what was sent: a mail to all who got it, written and confirmed by a person."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.dispatch import Signal
from django.utils.translation import gettext as _
from django.utils.translation import override
from wagtail.log_actions import log

from nurture.authoring import lint, recall
from nurture.authoring.faults import Fault, Weight
from nurture.domain import personalise, wording
from nurture.domain.states import ConsentAction, MessageKind
from nurture.mail import compose, notices
from nurture.models import Correction, Message, Sequence, StepVersion, Subscriber, Suppression
from nurture.models.suppression import address_hash

LIFETIME = timedelta(days=7)
AT_ONCE = 1_000
UNFINISHED = "["  # the prepared text has it where a person must say what was wrong
LOGGED = "nurture.correct"
# Sent inside the transaction that planned the mails. The doorbell listens: see nurture.tasks.
planned = Signal()


class NotReady(ValueError):
    """There is something in the text that must not go out."""


class Changed(ValueError):
    """It would reach another number of people than the one that was confirmed."""

    def __init__(self, people: int) -> None:
        self.people = people
        super().__init__(str(people))


@dataclass(frozen=True, slots=True)
class Reach:
    """Everybody who got it: those whom a mail reaches, and those who must be told otherwise."""

    people: list[Subscriber]
    beyond: list[Subscriber]


def prepare(version: StepVersion, *, page: str = "") -> Correction:
    """The draft for this version, or for this exercise in it; there is one at a time."""
    revision = version.page_revisions.get(page)
    place = {"page": int(page) if page in version.page_revisions else None, "revision": revision}
    draft = Correction.objects.filter(version=version, sent_at__isnull=True, **place).first()
    if draft is not None:
        return draft
    with override(version.locale.language_code):
        words = recall.corrective()
    return Correction.objects.create(version=version, **place, **words)


def got(row: Correction) -> QuerySet[Message]:
    """The mails that it is about, in its language."""
    if row.page is None:
        return recall.who_got(version=row.version_id)
    found = recall.who_got(page=row.page, revision=row.revision)
    return found.filter(step_version__locale=row.version.locale_id)


def reach(row: Correction) -> Reach:
    """Whoever unsubscribed, or cannot be reached by mail, is for the practice to call."""
    people = list(Subscriber.objects.filter(pk__in=got(row).values("subscriber")).order_by("pk"))
    hashes = {person.pk: address_hash(person.address) for person in people}
    shut = Suppression.objects.filter(address_hash__in=set(hashes.values()))
    closed = set(shut.values_list("address_hash", flat=True))
    inside: list[Subscriber] = []
    outside: list[Subscriber] = []
    for person in people:
        open_to_mail = person.consent == ConsentAction.GIVEN and hashes[person.pk] not in closed
        (inside if open_to_mail else outside).append(person)
    return Reach(inside, outside)


# ------------------------------------------------------------------ its words


def faults(row: Correction) -> list[Fault]:
    """What keeps it from being sent, and hints. The place is the name of the field."""
    with override(row.language):
        return list(found_faults(row))


def found_faults(row: Correction) -> Iterator[Fault]:
    words = lint.telling_words(sequence_of(row))
    telling = wording.telling(row.subject, words)
    if telling:
        text = _("the subject tells the diagnosis: %(words)s")
        yield Fault(("subject",), text % {"words": ", ".join(telling)})
    for name in ("subject", "text"):
        said = getattr(row, name)
        if not said.strip():
            yield Fault((name,), _("this must not be empty"))
        if UNFINISHED in said:
            yield Fault((name,), _("replace the words in brackets"))
        try:
            personalise.check(said)
        except personalise.UnknownField as error:
            yield Fault((name,), str(error))
    spam = wording.spammy(row.subject, row.language)
    if spam:
        text = _("spam filters dislike: %(words)s")
        yield Fault(("subject",), text % {"words": ", ".join(spam)}, Weight.HINT)
    if len(row.subject) > lint.LONGEST_SUBJECT:
        text = _("phones cut a subject off after about %(count)d letters")
        yield Fault(("subject",), text % {"count": lint.LONGEST_SUBJECT}, Weight.HINT)


def sequence_of(row: Correction) -> Sequence:
    """The one whose words it says: a translation's, if it is about one."""
    source = row.version.step.sequence
    family = Sequence.objects.filter(translation_key=source.translation_key)
    return family.filter(locale=row.version.locale_id).first() or source


def look(row: Correction, *, first_name: str = "Kim") -> tuple[str, str, str]:
    """Subject, text and HTML as somebody of this name would get them; links lead nowhere."""
    with override(row.language):
        made = notices.corrected(row, first_name=first_name, preferences_url="#")
        text, html = compose.rendered(made)
        return made.subject, text, html


# ------------------------------------------------------------------ sending


@transaction.atomic
def send(pk: int, *, confirmed: int, by: Any, now: datetime) -> int:
    """Plan it for everybody whom it reaches; how many. Again is the same as once: then 0.

    `confirmed` is the number that a person has read and typed. Raises `NotReady` and `Changed`.
    """
    row = Correction.objects.select_for_update(of=("self",)).get(pk=pk)
    if row.sent_at is not None:
        return 0
    if any(fault.weight is Weight.ERROR for fault in faults(row)):
        raise NotReady
    people = reach(row).people
    if len(people) != confirmed or not people:
        raise Changed(len(people))
    mails = [mail_for(row, person, now=now) for person in people]
    Message.objects.bulk_create(mails, batch_size=AT_ONCE, ignore_conflicts=True)
    row.sent_at, row.sent_by, row.people = now, by, len(people)
    row.save(update_fields=["sent_at", "sent_by", "people"])
    log(
        instance=row.version.step.sequence,
        action=LOGGED,
        user=by,
        data={"people": row.people, "step": row.version.step.name, "version": row.version.number},
    )
    planned.send(sender=None)
    return row.people


def mail_for(row: Correction, person: Subscriber, *, now: datetime) -> Message:
    return Message(
        kind=MessageKind.CORRECTION,
        dedupe_key=f"{row.public_id.hex} {person.public_id.hex}",
        subscriber=person,
        address=person.address,
        address_hash=address_hash(person.address),
        correction=row,
        planned_for=now,
        expires_at=now + LIFETIME,
    )
