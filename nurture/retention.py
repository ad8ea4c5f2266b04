"""Forgetting what nobody needs any more, in small batches that hold up nobody.

Rows are walked in the order in which they were written, by their primary key, and only what is old
is looked at; a batch is one short transaction. What somebody had and what comes next stands on the
enrolment, which remembers the steps of what is forgotten, and what else a running programme asks
its mails about is kept, so forgetting a mail never brings it back.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q

from nurture import counting, enrolment, privacy
from nurture.domain.counted import Counted
from nurture.domain.states import CLOSED, EnrolmentState, MessageState
from nurture.models import Enrolment, Event, Message, OutsideReport
from nurture.models.choices import values

BATCH = 1_000
SECONDS = 600.0
KEPT_TURNS = 5  # of a programme that runs
ENDED = values({EnrolmentState.FINISHED, EnrolmentState.STOPPED})


@dataclass(slots=True)
class Forgotten:
    messages: int = 0
    events: int = 0
    texts: int = 0
    signups: int = 0


class Clock:
    """When to stop for this time. The next round begins anew."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._ends


def forget(*, now: datetime, seconds: float = SECONDS) -> Forgotten:
    """Forget what the settings no longer keep, for so many seconds at most.

    Safe to run anywhere, any number of times at once.
    """
    clock, done = Clock(seconds), Forgotten()

    def before(days: int) -> datetime:
        return now - timedelta(days=days)

    since = before(settings.MESSAGE_DAYS)
    for ids in old(Message.objects.all(), "created_at", since, clock):
        done.messages += forget_messages(ids, closed_before=since)
    events = Event.objects.all()
    for ids in old(events, "received_at", before(settings.EVENT_DAYS), clock):
        done.events += events.filter(pk__in=ids).delete()[0]
    for ids in old(events, "received_at", before(settings.PROVIDER_TEXT_DAYS), clock):
        done.texts += events.filter(pk__in=ids).exclude(code="").update(code="")
    reports = OutsideReport.objects.all()
    for ids in old(reports, "received_at", before(settings.EVENT_DAYS), clock):
        done.events += reports.filter(pk__in=ids).delete()[0]
    done.signups = until_nothing(
        lambda: privacy.forget_unconfirmed(before=before(settings.UNCONFIRMED_DAYS), limit=BATCH),
        clock,
    )
    counting.count(
        {
            Counted.FORGOTTEN_MESSAGES: done.messages,
            Counted.FORGOTTEN_EVENTS: done.events,
            Counted.FORGOTTEN_TEXTS: done.texts,
            Counted.FORGOTTEN_SIGNUPS: done.signups,
        }
    )
    return done


def old(
    rows: "models.QuerySet[Any]", column: str, before: datetime, clock: Clock
) -> Iterator[list[int]]:
    """Batch after batch of keys of rows that are older, until the first younger one."""
    last = 0
    while not clock.is_over:
        batch = list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", column)[:BATCH])
        ids = [pk for pk, at in batch if at < before]
        if ids:
            yield ids
        if len(ids) < BATCH:
            return
        last = ids[-1]


def until_nothing(act: Callable[[], int], clock: Clock) -> int:
    total = 0
    while not clock.is_over and (number := act()):
        total += number
    return total


@transaction.atomic
def forget_messages(ids: list[int], *, closed_before: datetime) -> int:
    """Delete those of these mails that nobody needs, with all that hangs on them; how many.

    Somebody who is writing one of them now keeps it for this time.
    """
    ended = Q(enrolment__state__in=ENDED, enrolment__ended_at__lt=closed_before)
    of_none = Q(enrolment__isnull=True)
    # Of a running programme: not the newest, and none that asked, whose answers still count.
    long_past = Q(
        turn__lt=F("enrolment__turn") - KEPT_TURNS,
        step_version__checkin={},
        state__in=values(CLOSED - {MessageState.UNKNOWN}),
    )
    rows = Message.objects.filter(
        ended | of_none | long_past,
        pk__in=ids,
        state__in=values(CLOSED),
        closed_at__lt=closed_before,
    )
    running = enrolment.free(Enrolment.objects.filter(messages__in=rows).exclude(state__in=ENDED))
    rows = rows.filter(Q(enrolment__in=running) | ended | of_none)
    chosen = list(
        rows.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)
    )
    enrolment.remember(chosen)
    _total, by_model = Message.objects.filter(pk__in=chosen).delete()
    return by_model.get("nurture.Message", 0)
