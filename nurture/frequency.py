"""Not too many mails to one person: who has to make room, over all of a person's programmes.

A cap defers and never drops. The order: replies to check-ins, programmes, newsletters; among equals
who has waited the longest for a mail. It depends on rows alone, so any number of ticks that look at
one person's programmes agree about who goes first.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from nurture import enrolment, plans
from nurture.domain import schedule
from nurture.domain.schedule import Cap, NeverOpens, Priority, local_date
from nurture.domain.states import EnrolmentState, MessageKind, MessageState, Reason
from nurture.models import Enrolment, Subscriber

# A mail of a programme goes out at the latest so long after its time.
LATEST = timedelta(days=5)

Taken = tuple[tuple[date, Priority], ...]
Rank = tuple[Priority, datetime, int, int]
NOBODY: Taken = ()


@dataclass(frozen=True, slots=True)
class Rival:
    """A mail that a person has got or will get. Without a rank it is in the outbox, or was."""

    moment: datetime
    priority: Priority
    rank: Rank | None = None

    def goes_before(self, own: Rank, now: datetime) -> bool:
        """Whether a mail of this rank has to reckon with it: equals that are due only later do
        not count yet."""
        if self.rank is None or self.priority < own[0]:
            return True
        return self.moment <= now and self.rank < own


def rank(row: Enrolment) -> Rank:
    priority = plans.priority_of(
        row.sequence.frequency_class, asked_for=row.timed_by_id is not None
    )
    return priority, row.anchored_at or row.started_at, row.turn, row.pk


def let_through(rows: Collection[Enrolment], *, now: datetime) -> list[Enrolment]:
    """Those of the due rows whose mail may leave now, first those that come first; the others get
    a later date: their person has got enough, or the hour is past at which mail may arrive.

    Rows are locked and come with subscriber and sequence. One look-up for all, if there is a cap.
    """
    practice = plans.practice()
    rivals = rivals_of({row.subscriber_id for row in rows}, practice.cap, now=now)
    openings = Openings(practice, now)
    through, later, never = [], {}, []
    # Without rivals nobody has to go first, and the order is that of the due dates.
    for row in sorted(rows, key=rank) if rivals else rows:
        try:
            moment = openings.of(row, rivals)
        except NeverOpens:
            never.append(row.pk)
            continue
        if moment > now:
            later[row.pk] = moment
        else:
            through.append(row)
    enrolment.put_off(later)
    enrolment.hold(never, reason=Reason.NEVER_OPENS)
    return through


class Openings:
    """When mail may leave for somebody, remembered: most people of a sequence are alike."""

    def __init__(self, practice: plans.Practice, now: datetime) -> None:
        self._practice = practice
        self._now = now
        self._known: dict[tuple[int, str, int | None], datetime] = {}

    def of(self, row: Enrolment, rivals: dict[int, list[Rival]]) -> datetime:
        """Raises `NeverOpens`. What was decided for one counts for the next of the same person."""
        if beside := rivals.get(row.subscriber_id):
            own = rank(row)
            others = (one for one in beside if one.goes_before(own, self._now))
            moment = self._among(row, own[0], taken_by(others, row.subscriber.zone))
            rivals[row.subscriber_id] = [
                replace(one, moment=moment) if one.rank == own else one for one in beside
            ]
            return moment
        return self._among(row, Priority.PROGRAMME, NOBODY)

    def _among(self, row: Enrolment, priority: Priority, taken: Taken) -> datetime:
        if taken:
            return self._look(row, priority, taken)
        alike = (row.sequence_id, row.subscriber.time_zone, row.subscriber.hour)
        if alike not in self._known:
            self._known[alike] = self._look(row, priority, NOBODY)
        return self._known[alike]

    def _look(self, row: Enrolment, priority: Priority, taken: Taken) -> datetime:
        return schedule.next_opening(
            self._practice.calendar(row.sequence.window),
            replace(plans.person(row.subscriber), taken=taken),
            now=self._now,
            priority=priority,
        )


def taken_by(rivals: Iterable[Rival], zone: ZoneInfo) -> Taken:
    """As the schedule wants it: the person's local dates."""
    return tuple((local_date(one.moment, zone), one.priority) for one in rivals)


def had_by(subscriber: Subscriber, *, now: datetime) -> Taken:
    """What somebody has got lately, or has in the outbox."""
    rivals = rivals_of([subscriber.pk], plans.practice().cap, now=now)[subscriber.pk]
    return taken_by((one for one in rivals if one.rank is None), subscriber.zone)


def dates(row: Enrolment, moments: Iterable[datetime | None]) -> Taken:
    """What mails of this programme at these moments take of its person's days."""
    priority = plans.priority_of(row.sequence.frequency_class)
    zone = row.subscriber.zone
    return tuple((local_date(moment, zone), priority) for moment in moments if moment)


# What has gone out or stands in the outbox, and what else is due or will be. One statement, so that
# a mail that is being planned elsewhere is seen as one or the other.
RIVALS = """
    SELECT message.subscriber_id,
           GREATEST(message.planned_for, COALESCE(message.submitted_at, message.created_at)),
           sequence.frequency_class,
           EXISTS (SELECT FROM nurture_message AS earlier
                   JOIN nurture_stepversion AS had ON had.id = earlier.step_version_id
                   WHERE earlier.enrolment_id = message.enrolment_id
                   AND earlier.turn < message.turn AND had.step_id = version.step_id
                   AND earlier.state <> ALL(%(taken_back)s)),
           NULL::timestamptz, NULL::int, NULL::bigint
    FROM nurture_message AS message
    JOIN nurture_enrolment AS enrolment ON enrolment.id = message.enrolment_id
    JOIN nurture_sequence AS sequence ON sequence.id = enrolment.sequence_id
    JOIN nurture_stepversion AS version ON version.id = message.step_version_id
    WHERE message.subscriber_id = ANY(%(people)s) AND message.planned_for >= %(since)s
    AND message.kind = %(programme)s AND message.state <> ALL(%(taken_back)s)
    UNION ALL
    SELECT enrolment.subscriber_id, enrolment.due_at, sequence.frequency_class,
           enrolment.timed_by_id IS NOT NULL,
           COALESCE(enrolment.anchored_at, enrolment.started_at), enrolment.turn, enrolment.id
    FROM nurture_enrolment AS enrolment
    JOIN nurture_sequence AS sequence ON sequence.id = enrolment.sequence_id
    WHERE enrolment.subscriber_id = ANY(%(people)s) AND enrolment.state = %(active)s
    AND enrolment.due_at < %(until)s AND sequence.live
"""


def rivals_of(people: Collection[int], cap: Cap | None, *, now: datetime) -> dict[int, list[Rival]]:
    """What these people get around now, by person. Nobody has any where there is no cap."""
    found: dict[int, list[Rival]] = defaultdict(list)
    if cap is None or not people:
        return found
    around = timedelta(days=cap.days)
    parameters: dict[str, Any] = {
        "people": list(people),
        "since": now - around - LATEST,
        "until": now + around,
        "programme": MessageKind.PROGRAMME,
        "taken_back": [MessageState.CANCELLED.value, MessageState.FAILED.value],
        "active": EnrolmentState.ACTIVE,
    }
    with connection.cursor() as cursor:
        cursor.execute(RIVALS, parameters)
        for person, moment, frequency_class, asked_for, *waited in cursor.fetchall():
            priority = plans.priority_of(frequency_class, asked_for=asked_for)
            if waited[0] is None:
                found[person].append(Rival(moment, priority))
            else:
                found[person].append(Rival(max(moment, now), priority, (priority, *waited)))
    return found
