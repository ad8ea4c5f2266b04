"""Planning: enrolments whose time has come get their next message, exactly one each."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from nurture import brake, checkins, enrolment, frequency, goals, plans, statements, whose_turn
from nurture.domain import alternatives
from nurture.domain.alternatives import Choice
from nurture.domain.states import OPEN, MessageKind, MessageState, Reason
from nurture.models import Enrolment, Sequence, StepVersion, Subscriber
from nurture.models.choices import values
from nurture.models.suppression import address_hash

BATCH = 1_000
# A mail that could not go out for this long is no longer the right week's.
SHELF_LIFE = timedelta(days=4)
# What planning does not look at.
UNREAD = ("public_id", "paused_until", "ended_at")
UNREAD_OF_SUBSCRIBER = ("canonical_address", "created_at", "first_name")


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
    goals.settle(limit=limit)
    with transaction.atomic():
        enrolment.wake(now=now, limit=limit)
    follow_the_plan(now, limit=limit)
    with transaction.atomic():
        checkins.settle(now, limit=limit)
    with transaction.atomic():
        due = claimed(now, limit=limit)
        versions = versions_for(due)
        choices = choices_for(due, versions)
        ready = [row for row in due if row.pk in choices]
        put_into_outbox(ready, versions, choices, now=now)
        missing = [row.pk for row in due if row.pk not in versions]
        enrolment.hold(missing, reason=Reason.CANNOT_COMPOSE)
        unfit = [row.pk for row in due if row.pk in versions and row.pk not in choices]
        enrolment.hold(unfit, reason=Reason.CONTRAINDICATED)
    return len(ready)


# With its message open nothing is due: the next date comes when that is closed. The defaults are
# those of the model, and a message gets its ids here: see `Message`.
PUT = """
    WITH new AS MATERIALIZED (
        SELECT * FROM unnest(%(rows)s::bigint[], %(versions)s::bigint[], %(choices)s::text[],
                             %(hashes)s::text[], %(asking)s::bool[])
            AS new(enrolment, version, choice, address_hash, asks)
    ), planned AS (
        INSERT INTO nurture_message (public_id, message_id, kind, dedupe_key, subscriber_id,
            address, address_hash, enrolment_id, turn, step_version_id, choice, state, reason,
            planned_for, expires_at, attempts, resent, fingerprint)
        SELECT gen_random_uuid(),
            '<' || replace(gen_random_uuid()::text, '-', '') || '@' || %(domain)s || '>',
            %(programme)s, '', subscriber.id, subscriber.address, new.address_hash, enrolment.id,
            enrolment.turn + 1, new.version, new.choice, %(queued)s, '', enrolment.due_at,
            GREATEST(enrolment.due_at, %(now)s) + %(shelf_life)s, 0, false, ''
        FROM new JOIN nurture_enrolment AS enrolment ON enrolment.id = new.enrolment
            JOIN nurture_subscriber AS subscriber ON subscriber.id = enrolment.subscriber_id
        ORDER BY enrolment.due_at, enrolment.id
    )
    UPDATE nurture_enrolment AS enrolment
    SET turn = turn + 1, last_step_id = next_step_id, due_at = NULL, awaits_answer = new.asks
    FROM new WHERE enrolment.id = new.enrolment
"""


def put_into_outbox(
    rows: list[Enrolment],
    versions: Mapping[int, StepVersion],
    choices: Mapping[int, Choice],
    *,
    now: datetime,
) -> None:
    """A message for each of these, and their next turn, in one statement. Rows are locked."""
    if not rows:
        return
    parameters = {
        "rows": [row.pk for row in rows],
        "versions": [versions[row.pk].pk for row in rows],
        "choices": [alternatives.key(choices[row.pk]) for row in rows],
        "hashes": [address_hash(row.subscriber.address) for row in rows],
        "asking": [bool(versions[row.pk].checkin) for row in rows],
        "domain": settings.MAIL_DOMAIN,
        "programme": MessageKind.PROGRAMME.value,
        "queued": MessageState.QUEUED.value,
        "now": now,
        "shelf_life": SHELF_LIFE,
    }
    statements.run(PUT, parameters)


def claimed(now: datetime, *, limit: int) -> list[Enrolment]:
    """Those that get their mail now; those that have to make room for others come later."""
    while rows := without_open(claimable(now, limit=limit)):
        if through := frequency.let_through(rows, now=now):
            return through
    return []


def claimable(now: datetime, *, limit: int) -> list[Enrolment]:
    """Those that are due and that nobody else is planning, locked; oldest first.

    Each table is asked for its keys: for a join, all subscribers may be read to find a thousand.
    """
    ids = whose_turn.due(now, limit=limit)
    rows = list(Enrolment.objects.filter(pk__in=ids).defer(*UNREAD).order_by("due_at", "pk"))
    subscribers = Subscriber.objects.defer(*UNREAD_OF_SUBSCRIBER)
    people = subscribers.in_bulk({row.subscriber_id for row in rows})
    sequences = Sequence.objects.select_related("locale")
    known = sequences.in_bulk({row.sequence_id for row in rows})  # few, and large
    for row in rows:
        row.subscriber = people[row.subscriber_id]
        row.sequence = known[row.sequence_id]
    return rows


BUSY = """
    SELECT enrolment_id FROM nurture_message
    WHERE enrolment_id = ANY(%(rows)s::bigint[]) AND state = ANY(%(open)s)
"""


def without_open(rows: Iterable[Enrolment]) -> list[Enrolment]:
    """Those whose last message is closed; the others come again when theirs is.

    Asked apart from the claim: joined to it, a planner without statistics reads all messages for
    each row.
    """
    rows = list(rows)
    asked = {"rows": [row.pk for row in rows], "open": values(OPEN)}
    busy = {pk for (pk,) in statements.run(BUSY, asked).fetchall()}
    return [row for row in rows if row.pk not in busy]


def follow_the_plan(now: datetime, *, limit: int) -> None:
    """Re-plan those that an edit has overtaken, before anything is claimed by the old plan."""
    with transaction.atomic():
        known = plans.Plans()
        for row in whose_turn.overtaken(limit=limit):
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
    known: dict[tuple[int, tuple[str, ...]], Choice | None] = {}
    for row in rows:
        if version := versions.get(row.pk):
            alike = (version.pk, tuple(row.subscriber.tags))
            if alike not in known:
                known[alike] = version.choice_for(row.subscriber.tags)
            if (choice := known[alike]) is not None:
                found[row.pk] = choice
    return found
