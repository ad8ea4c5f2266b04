"""What happens in many stories: people join, mail is planned, time passes."""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import connections
from django.db.models import F
from django.utils import timezone

from nurture import due, enrolment, signup
from nurture.domain.states import ConsentAction, MessageKind
from nurture.models import ConsentText, Enrolment, Message, Outage, Sequence, Subscriber
from tests.cast import Person
from tests.factories import SubscriberFactory

Found = TypeVar("Found")

JOIN_SECONDS = 60


def asks(person: Person, sequence: Sequence, *, now: datetime | None = None) -> bool:
    """The person signs up; whether a confirmation was planned."""
    request = signup.Request(
        address=person.address,
        first_name=person.first_name,
        sequence=sequence,
        time_zone=person.time_zone,
        language="en-us",
        text=ConsentText.current("en-us"),
    )
    return signup.sign_up(request, now=now or timezone.now(), source="form")


def enrolled(
    subscriber: Subscriber, sequence: Sequence, *, now: datetime | None = None
) -> Enrolment:
    return enrolment.enrol(subscriber, sequence, now=now or timezone.now())


def planned(subscriber: Subscriber, sequence: Sequence, *, now: datetime | None = None) -> Message:
    """The person is enrolled and the first mail, due at once, is in the outbox."""
    moment = now or timezone.now()
    row = enrolled(subscriber, sequence, now=moment)
    due.claim(moment)
    return Message.objects.get(enrolment=row, kind=MessageKind.PROGRAMME)


def crowd(people: int, sequence: Sequence) -> None:
    """So many people with their first mail in the outbox."""
    now = timezone.now()
    for subscriber in SubscriberFactory.create_batch(people, consent=ConsentAction.GIVEN):
        enrolled(subscriber, sequence, now=now)
    due.claim(now)


def time_passes(by: timedelta) -> None:
    """All of machine time in the outbox lies further back, as after a wait."""
    Outage.objects.update(since=F("since") - by, retry_at=F("retry_at") - by)
    Message.objects.update(
        **{
            name: F(name) - by
            for name in (
                "next_attempt_at",
                "lease_until",
                "closed_at",
                "submitted_at",
                "repeat_until",
            )
        }
    )


def elsewhere(call: Callable[[], Found]) -> Found:
    """Run something as another worker would: on a thread and a connection of its own."""
    return at_once([call])[0]


def at_once(calls: Iterable[Callable[[], Found]]) -> list[Found]:
    """Run all at the same moment, each on its own thread and connection; what each returned."""
    calls = list(calls)
    start = threading.Barrier(len(calls))
    results: dict[int, Found] = {}

    def run(number: int, call: Callable[[], Found]) -> None:
        start.wait()
        try:
            results[number] = call()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(JOIN_SECONDS)
    return [results[number] for number in range(len(calls))]
