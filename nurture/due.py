"""Planning: enrolments whose time has come get their next message, exactly one each."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Case, Exists, F, OuterRef, QuerySet, When

from nurture import brake, checkins, enrolment, frequency, goals, plans
from nurture.domain import alternatives
from nurture.domain.alternatives import Choice
from nurture.domain.states import MessageKind, Reason
from nurture.models import Enrolment, Message, Sequence, StepVersion
from nurture.models.suppression import address_hash

BATCH = 500
# A mail that could not go out for this long is no longer the right week's.
SHELF_LIFE = timedelta(days=4)


def now() -> datetime:
    """This moment by the database's clock: a worker whose own clock jumps sends nothing early."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def claim(now: datetime, *, limit: int = BATCH) -> int:
    """As `plan`, unless the brake is on."""
    return 0 if brake.is_on() else plan(now, limit=limit)


def plan(now: datetime, *, limit: int = BATCH) -> int:
    """Plan up to `limit` messages that are due at `now` (programme time, aware); how many.

    Safe to call from any number of places at once: rows are locked and skipped, and the database
    refuses a second message for the same turn.
    """
    with transaction.atomic():
        goals.settle(limit=limit)
        enrolment.wake(now=now, limit=limit)
    follow_the_plan(now, limit=limit)
    with transaction.atomic():
        checkins.settle(now, limit=limit)
    with transaction.atomic():
        due = claimed(now, limit=limit)
        versions = versions_for(due)
        choices = choices_for(due, versions)
        ready = [row for row in due if row.pk in choices]
        Message.objects.bulk_create(
            message_for(row, versions[row.pk], choices[row.pk], now) for row in ready
        )
        asking = [row.pk for row in ready if versions[row.pk].checkin]
        # With its message open nothing is due: the next date comes when that is closed.
        Enrolment.objects.filter(pk__in=[row.pk for row in ready]).update(
            turn=F("turn") + 1,
            last_step=F("next_step"),
            due_at=None,
            awaits_answer=Case(When(pk__in=asking, then=True), default=False),
        )
        missing = [row.pk for row in due if row.pk not in versions]
        enrolment.hold(missing, reason=Reason.CANNOT_COMPOSE)
        unfit = [row.pk for row in due if row.pk in versions and row.pk not in choices]
        enrolment.hold(unfit, reason=Reason.CONTRAINDICATED)
    return len(ready)


def claimed(now: datetime, *, limit: int) -> list[Enrolment]:
    """Those that get their mail now; those that have to make room for others come later."""
    while rows := without_open(claimable(now, limit=limit)):
        if through := frequency.let_through(rows, now=now):
            return through
    return []


def claimable(now: datetime, *, limit: int) -> "QuerySet[Enrolment]":
    """Those that are due and that nobody else is planning, locked; oldest first."""
    rows = Enrolment.objects.due(now).select_related("subscriber", "next_step", "sequence__locale")
    rows = rows.select_for_update(of=("self",), no_key=True, skip_locked=True)
    return rows.order_by("due_at", "pk")[:limit]


def without_open(rows: Iterable[Enrolment]) -> list[Enrolment]:
    """Those whose last message is closed; the others come again when theirs is.

    Asked apart from the claim: joined to it, a planner without statistics reads all messages for
    each row.
    """
    rows = list(rows)
    messages = Message.objects.open().filter(enrolment__in=[row.pk for row in rows])
    busy = set(messages.values_list("enrolment_id", flat=True))
    return [row for row in rows if row.pk not in busy]


def follow_the_plan(now: datetime, *, limit: int) -> None:
    """Re-plan those that an edit has overtaken, before anything is claimed by the old plan."""
    with transaction.atomic():
        known = plans.Plans()
        rows = (
            Enrolment.objects.outdated()
            .select_related("subscriber")
            .select_for_update(of=("self",), no_key=True, skip_locked=True)
            .order_by("pk")[:limit]
        )
        for row in rows:
            enrolment.replan(row, known[row.sequence_id], now=now)


def versions_for(rows: Iterable[Enrolment]) -> dict[int, StepVersion]:
    """The newest version of each one's next step, in the person's language or the sequence's.

    What a translation said counts only while it is published.
    """
    rows = list(rows)
    steps = {row.next_step_id for row in rows}
    published = Sequence.objects.filter(
        translation_key=OuterRef("step__sequence__translation_key"),
        locale=OuterRef("locale"),
        live=True,
    )
    versions = StepVersion.objects.filter(Exists(published), step__in=steps)
    versions = versions.select_related("locale")
    newest = {(version.step_id, version.locale.language_code): version for version in versions}
    found = {}
    for row in rows:
        languages = (row.subscriber.language, row.sequence.locale.language_code)
        own = (newest.get((row.next_step_id or 0, language)) for language in languages)
        if version := next(filter(None, own), None):
            found[row.pk] = version
    return found


def choices_for(
    rows: Iterable[Enrolment], versions: Mapping[int, StepVersion]
) -> dict[int, Choice]:
    """Which exercises each one gets; none for those for whom a slot has no fitting one."""
    found = {}
    for row in rows:
        if row.pk in versions:
            choice = versions[row.pk].choice_for(row.subscriber.tags)
            if choice is not None:
                found[row.pk] = choice
    return found


def message_for(row: Enrolment, version: StepVersion, choice: Choice, now: datetime) -> Message:
    due_at = row.due_at or now  # it is due, so it has one
    return Message(
        kind=MessageKind.PROGRAMME,
        subscriber=row.subscriber,
        address=row.subscriber.address,
        address_hash=address_hash(row.subscriber.address),
        enrolment=row,
        turn=row.turn + 1,
        step_version=version,
        choice=alternatives.key(choice),
        planned_for=due_at,
        expires_at=max(due_at, now) + SHELF_LIFE,
    )
