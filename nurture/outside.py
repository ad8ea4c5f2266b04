"""What happened outside, such as in booking software, and what it does to programmes.

A sequence can end on an event, and start on one. It starts only for somebody who has agreed to get
mail: booking an appointment is no consent.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.db import transaction

from nurture import enrolment
from nurture.domain import addresses
from nurture.domain.states import RUNNING, ConsentAction, Reason
from nurture.models import Enrolment, OutsideReport, Sequence, Subscriber
from nurture.models.choices import values


class KeyUsedTwice(ValueError):
    """The idempotency key came before with something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    token: str
    key: str
    event: str
    address: str
    occurred_at: datetime

    @property
    def fingerprint(self) -> str:
        """The same for the same request; the address in it cannot be read back."""
        hashed = addresses.keyed_hash(self.address, key=settings.SUPPRESSION_KEY)
        text = "\x00".join((hashed, self.event, self.occurred_at.isoformat()))
        return sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Effect:
    """How many programmes ended and began. Nothing is said about who is known here: both are 0
    for a stranger as for somebody whom it does not concern."""

    ended: int = 0
    begun: int = 0


@transaction.atomic
def report(happening: Happening, *, now: datetime) -> Effect:
    """Let it count once. Raises `KeyUsedTwice`."""
    row, created = OutsideReport.objects.get_or_create(
        token=happening.token,
        key=happening.key,
        defaults={
            "event": happening.event,
            "fingerprint": happening.fingerprint,
            "occurred_at": happening.occurred_at,
        },
    )
    if not created:
        if row.fingerprint != happening.fingerprint:
            raise KeyUsedTwice
        return Effect(**row.result)
    people = Subscriber.objects.select_for_update(no_key=True)
    subscriber = people.filter(canonical_address=addresses.canonical(happening.address)).first()
    effect = Effect()
    if subscriber is not None and subscriber.consent == ConsentAction.GIVEN:
        effect = Effect(
            ended=end(subscriber, happening.event),
            begun=begin(subscriber, happening.event, now=now),
        )
    row.result = asdict(effect)
    row.save(update_fields=["result"])
    return effect


def end(subscriber: Subscriber, event: str) -> int:
    running = subscriber.enrolments.filter(
        state__in=values(RUNNING), sequence__exit_on__contains=[event]
    )
    ids = list(running.values_list("pk", flat=True))
    enrolment.stop(Enrolment.objects.filter(pk__in=ids), reason=Reason.OUTSIDE_EVENT)
    return len(ids)


def begin(subscriber: Subscriber, event: str, *, now: datetime) -> int:
    """Only programmes that the person was never in: an event does not start anything again."""
    fresh = Sequence.objects.filter(start_on=event, live=True, plan_number__gt=0)
    fresh = fresh.exclude(pk__in=subscriber.enrolments.values("sequence"))
    sequences = list(fresh.filter(locale__language_code=settings.LANGUAGE_CODE))
    for sequence in sequences:
        enrolment.enrol(subscriber, sequence, now=now)
    return len(sequences)
