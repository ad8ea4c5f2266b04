"""Many people at once, written in bulk."""

from datetime import datetime

from django.utils import timezone

from nurture import due
from nurture.domain.addresses import canonical
from nurture.domain.states import ConsentAction
from nurture.models import Enrolment, Sequence, Subscriber
from tests.factories import published_sequence

CHUNK = 5_000


def crowd(people: int, sequence: Sequence | None = None, *, planned: bool = True) -> Sequence:
    """So many people whose first mail is due now, and in the outbox if `planned`."""
    sequence = sequence or published_sequence(steps=1)
    now = timezone.now()
    before = Subscriber.objects.count()
    for start in range(before, before + people, CHUNK):
        enrol(range(start, min(start + CHUNK, before + people)), sequence, now)
    if planned:
        while due.claim(timezone.now()):
            pass
    return sequence


def enrol(numbers: range, sequence: Sequence, now: datetime) -> None:
    subscribers = Subscriber.objects.bulk_create(
        Subscriber(
            address=f"person{number}@example.org",
            canonical_address=canonical(f"person{number}@example.org"),
            first_name=f"Person {number}",
            time_zone="UTC",
            language="en-us",
            consent=ConsentAction.GIVEN,
        )
        for number in numbers
    )
    first = sequence.compiled_steps.order_by("position").first()
    Enrolment.objects.bulk_create(
        Enrolment(
            subscriber=subscriber,
            sequence=sequence,
            started_at=now,
            next_step=first,
            due_at=now,
            plan_number=sequence.plan_number,
        )
        for subscriber in subscribers
    )
