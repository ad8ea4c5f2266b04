"""What happened outside, such as in booking software, and what it does to programmes.

A sequence can end on an event, and start on one. It starts only for somebody who has agreed to get
mail: booking an appointment is no consent.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.db import transaction

from nurture import admission, goals
from nurture.domain import addresses
from nurture.domain.exits import Happened
from nurture.domain.states import ConsentAction
from nurture.models import OutsideReport, Sequence, Subscriber


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
    """How many programmes ended, began, and did not begin by their rules. Nothing is said about
    who is known here: all are 0 for a stranger as for somebody whom it does not concern."""

    ended: int = 0
    begun: int = 0
    unfit: int = 0


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
        ended = goals.happened(subscriber, Happened(happening.event), now=now)
        begun, unfit = begin(subscriber, happening.event, now=now)
        effect = Effect(ended, begun, unfit)
    row.result = asdict(effect)
    row.save(update_fields=["result"])
    return effect


def begin(subscriber: Subscriber, event: str, *, now: datetime) -> tuple[int, int]:
    """How many programmes began, and how many did not because the person does not fit.

    Only programmes that the person was never in: an event does not start anything again.
    """
    fresh = Sequence.objects.filter(start_on=event, live=True, plan_number__gt=0)
    fresh = fresh.exclude(pk__in=subscriber.enrolments.values("sequence"))
    sequences = list(fresh.filter(locale__language_code=settings.LANGUAGE_CODE))
    begun = [admission.admit(subscriber, one, now=now, source="event") for one in sequences]
    return sum(row is not None for row in begun), sum(row is None for row in begun)
