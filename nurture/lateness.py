"""A mail that had to wait in the outbox leaves at an hour at which mail may arrive, like any other.

It was planned for such an hour. But a relay that was away, a rate, or a page out of review may have
kept it until the middle of the night.
"""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, time, timedelta

from nurture import plans
from nurture.domain import schedule
from nurture.domain.schedule import Calendar, NeverOpens, Person, Window
from nurture.domain.states import MessageKind
from nurture.models import Message
from nurture.plans import Plans

LATE = timedelta(minutes=15)
ANY_HOUR = Window(opens=time(0), closes=time(0))


def later(
    messages: Iterable[Message], known: Plans, *, now: datetime
) -> dict[datetime, list[Message]]:
    """Those that are late and may not leave now, by the moment at which they may.

    Messages come with `enrolment` and `subscriber`. One that is in doubt does not wait: if it is
    out already, this copy is dropped.
    """
    found: dict[datetime, list[Message]] = defaultdict(list)
    remembered: dict[object, datetime] = {}
    for message in messages:
        row, subscriber = message.enrolment, message.subscriber
        late = now - message.planned_for >= LATE and message.repeat_until is None
        if not late or row is None or message.kind != MessageKind.PROGRAMME:
            continue
        alike = (row.sequence_id, subscriber.time_zone, subscriber.hour, message.expires_at)
        if alike not in remembered:
            calendar = known[row.sequence_id].calendar
            remembered[alike] = opening(
                calendar, plans.person(subscriber), now=now, before=message.expires_at
            )
        if remembered[alike] > now:
            found[remembered[alike]].append(message)
    return found


def opening(
    calendar: Calendar, person: Person, *, now: datetime, before: datetime | None
) -> datetime:
    """The next one. If the mail expires before it, only quiet hours count; or nothing does, since
    late is better than never."""
    for rules in (calendar, replace(calendar, window=ANY_HOUR, closures=())):
        with suppress(NeverOpens):
            moment = schedule.next_opening(rules, person, now=now)
            if before is None or moment < before:
                return moment
    return now
