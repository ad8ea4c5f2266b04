"""How long a person waits for the question whether it was really they."""

import time

from django.db import transaction

from nurture import tasks
from nurture.models import Message, Sequence
from tests.cast import Person
from tests.nurture.steps import asks

POLL_SECONDS = 0.01


def waits(people: int) -> list[float]:
    """Seconds from the signup's commit to the relay's acceptance, by the database's clock."""
    sequence = Sequence.objects.latest("pk")
    for number in range(people):
        person = Person(f"Guest{number}", f"guest{number}@example.org", "UTC")
        with transaction.atomic():
            asks(person, sequence)
            tasks.ring_on_commit(tasks.send_transactional)
        time.sleep(0.05)
    rows = Message.objects.filter(kind="confirmation")
    while rows.exclude(state="accepted").exists():
        time.sleep(POLL_SECONDS)
    return [
        (closed - created).total_seconds()
        for created, closed in rows.values_list("created_at", "closed_at")
        if closed
    ]
