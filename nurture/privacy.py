"""A person's right to their data: to take it along, and to have it gone.

Erasing leaves three things, none of which is the person's data: the keyed hash of the address on
the suppression list, so that an old import cannot bring it back; a row that says what was removed;
and a line in a file outside the database, so that a restored backup can be put right by `replay`.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Cast

from nurture import clicks, enrolment
from nurture.consent import Gone
from nurture.domain import addresses
from nurture.domain.states import ConsentAction, Reason, Suppressed
from nurture.models import Erasure, Message, Subscriber, Suppression
from nurture.models.suppression import address_hash

# Where a person could have left traces: our own tables, and the logs of the admin.
SEARCHED = {"nurture", "cms", "admin", "wagtailcore"}
TEXT = (models.CharField, models.TextField, models.JSONField)


# ------------------------------------------------------------------ taking it along


def export(subscriber: Subscriber) -> dict[str, Any]:
    """All that is stored about a person, as plain values. Nothing of anybody else's."""
    return {
        "address": subscriber.address,
        "first_name": subscriber.first_name,
        "language": subscriber.language,
        "time_zone": subscriber.time_zone,
        "weekday": subscriber.weekday,
        "hour": subscriber.hour,
        "dates": subscriber.dates,
        "tags": subscriber.tags,
        "consent": subscriber.consent,
        "clicks_counted": subscriber.measured,
        "since": when(subscriber.created_at),
        "consents": [
            {
                "action": row.action,
                "text": row.text.text if row.text else None,
                "text_number": row.text.number if row.text else None,
                "programme": row.sequence.title if row.sequence else None,
                "topic": row.sequence.diagnosis.title if row.sequence else None,
                "source": row.source,
                "at": when(row.created_at),
            }
            for row in subscriber.consents.select_related("text", "sequence__diagnosis").order_by(
                "created_at"
            )
        ],
        "not_started": [
            {"programme": row.sequence.title, "by_rules": row.rules, "at": when(row.at)}
            for row in subscriber.refusals.select_related("sequence")
        ],
        "programmes": [
            {
                "programme": row.sequence.title,
                "topic": row.sequence.diagnosis.title,
                "state": row.state,
                "reason": row.reason,
                "started": when(row.started_at),
                "ended": when(row.ended_at),
                "next_mail": when(row.due_at),
            }
            for row in subscriber.enrolments.select_related("sequence__diagnosis")
        ],
        "mails": [
            {
                "kind": row.kind,
                "subject": subject(row),
                "state": row.state,
                "planned": when(row.planned_for),
                "closed": when(row.closed_at),
                "answers": [
                    {"answer": said.answer, "counted": said.in_time, "at": when(said.created_at)}
                    for said in row.check_ins.all()
                ],
                "events": [
                    {"kind": event.kind, "at": when(event.occurred_at)}
                    for event in row.events.all()
                ],
                "clicks": [
                    {"link": leads_to[click.number - 1], "at": when(click.clicked_at)}
                    for leads_to in [clicks.targets(row)]
                    for click in row.clicks.by_people()
                    if click.number <= len(leads_to)
                ],
            }
            for row in subscriber.messages.filter(address=subscriber.address)
            .select_related("step_version", "correction")
            .prefetch_related("check_ins", "events")
            .order_by("created_at")
        ],
    }


def subject(row: Message) -> str | None:
    written = row.step_version or row.correction
    return written.subject if written else None


def when(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


# ------------------------------------------------------------------ having it gone


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done, without a word about whom."""

    report: UUID
    counts: dict[str, int]
    remains: dict[str, int]

    @property
    def is_complete(self) -> bool:
        return not self.remains


@transaction.atomic
def erase(public_id: UUID, *, now: datetime) -> Erased:
    """Remove a person everywhere and look whether anything is left. Raises `Gone`.

    A mail that stands at the fence does not leave any more: its row is gone.
    """
    people = Subscriber.objects.select_for_update().filter(public_id=public_id)
    subscriber = people.first()
    if subscriber is None:
        raise Gone
    hashed = address_hash(subscriber.address)
    enrolment.stop(subscriber.enrolments.all(), reason=Reason.ASKED_TO)
    Suppression.objects.get_or_create(address_hash=hashed, reason=Suppressed.UNSUBSCRIBED)
    counts = removed(subscriber)
    left = remains(subscriber.canonical_address)
    row = Erasure.objects.create(address_hash=hashed, erased_at=now, counts=counts, remains=left)
    transaction.on_commit(partial(write_down, hashed, now))
    return Erased(row.public_id, counts, left)


def removed(subscriber: Subscriber) -> dict[str, int]:
    """Delete the person with all that belongs to them; how many rows of each kind."""
    _total, by_model = subscriber.delete()
    counts: Counter[str] = Counter()
    for label, number in by_model.items():
        counts[label.rpartition(".")[2]] += number
    return dict(counts)


def remains(address: str) -> dict[str, int]:
    """Rows in which the address still stands, by table. A search of everything, not of a list of
    places that somebody has to keep up."""
    found = {}
    for model in apps.get_models():
        is_account = model._meta.label == settings.AUTH_USER_MODEL  # staff have a life of their own
        if model._meta.app_label not in SEARCHED or is_account:
            continue
        if number := matches(model, address):
            found[model._meta.label] = number
    return found


def matches(model: type[models.Model], address: str) -> int:
    fields = [field for field in model._meta.concrete_fields if isinstance(field, TEXT)]
    if not fields:
        return 0
    rows: Any = model._base_manager.annotate(  # noqa: SLF001
        **{f"{field.name}_as_text": Cast(field.name, models.TextField()) for field in fields}
    )
    # Whole addresses only: joanna@... is somebody else.
    pattern = rf"(^|[^a-z0-9.+_-]){re.escape(address)}($|[^a-z0-9.-])"
    anywhere = Q()
    for field in fields:
        anywhere |= Q(**{f"{field.name}_as_text__iregex": pattern})
    number: int = rows.filter(anywhere).count()
    return number


# ------------------------------------------------------------------ after a backup was restored


def write_down(hashed: str, now: datetime) -> None:
    """One line outside the database, which no restored backup can undo."""
    path = Path(settings.ERASURE_LOG)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as log:
        log.write(json.dumps({"erased_at": now.isoformat(), "address_hash": hashed}) + "\n")


def written_down() -> Iterator[tuple[str, datetime]]:
    """Hash and time of each erasure in the file."""
    path = Path(settings.ERASURE_LOG)
    if path.exists():
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            yield entry["address_hash"], datetime.fromisoformat(entry["erased_at"])


def replay(*, now: datetime) -> int:
    """Erase again those whom a restored backup has brought back; how many.

    Somebody who signed up anew after the erasure stays.
    """
    erased: dict[str, datetime] = {}
    for hashed, at in written_down():
        erased[hashed] = max(at, erased.get(hashed, at))
    again = 0
    people = Subscriber.objects.values_list("public_id", "canonical_address", "created_at")
    for public_id, address, created_at in people.iterator():
        since = erased.get(addresses.keyed_hash(address, key=settings.SUPPRESSION_KEY))
        if since is not None and created_at < since:
            erase(public_id, now=now)
            again += 1
    return again


def forget_unconfirmed(*, before: datetime, limit: int | None = None) -> int:
    """Requests that nobody ever confirmed are nobody's data to keep; how many people went."""
    never = Subscriber.objects.filter(consent=ConsentAction.REQUESTED, created_at__lt=before)
    never = never.exclude(consents__created_at__gte=before).filter(enrolments__isnull=True)
    ids = list(never.order_by("pk").values_list("pk", flat=True)[:limit])
    _total, by_model = Subscriber.objects.filter(pk__in=ids).delete()
    return by_model.get("nurture.Subscriber", 0)
