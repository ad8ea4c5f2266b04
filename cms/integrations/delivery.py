"""The acts on delivery rows: claim for the length of a lease, record what came of it.

Machine time is the database's own. A delivery whose lease was lost is never written, and one whose
sender was killed is claimed again when the lease is over: at least once, under the same id.
"""

import logging
import random
import uuid
from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from cms.integrations import backoff
from cms.integrations.models import (
    OPEN,
    DeliveryState,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from cms.integrations.outbound import Answer

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=120)  # longer than the slowest DNS and the longest request together


LOCK = 7_302_981  # any number that nobody else uses in this database


def lock() -> bool:
    """Become the one sender of this installation, unless there is one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def unlock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def free() -> QuerySet[WebhookDelivery]:
    """What may be tried now."""
    due = Q(state=DeliveryState.QUEUED, next_attempt_at__lte=Now())
    lost = Q(state=DeliveryState.SENDING, lease_until__lt=Now())
    return WebhookDelivery.objects.filter(due | lost, endpoint__active=True)


def waiting_endpoints(*, but: Collection[int]) -> list[int]:
    """The endpoints that something waits for, the longest wait first."""
    rows = free().exclude(endpoint_id__in=list(but)).order_by("next_attempt_at")
    return list(dict.fromkeys(rows.values_list("endpoint_id", flat=True)[:1_000]))


@transaction.atomic
def claim(endpoint_id: int, *, token: uuid.UUID, limit: int) -> list[WebhookDelivery]:
    """Take deliveries to one endpoint, oldest first."""
    chosen = (
        free().filter(endpoint_id=endpoint_id).select_for_update(skip_locked=True, of=("self",))
    )
    ids = list(chosen.order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:limit])
    WebhookDelivery.objects.filter(pk__in=ids).update(
        state=DeliveryState.SENDING, lease_token=token, lease_until=Now() + LEASE
    )
    taken = WebhookDelivery.objects.filter(pk__in=ids).select_related("event", "endpoint")
    return list(taken.order_by("pk"))


@transaction.atomic
def record(delivery: WebhookDelivery, answer: Answer, *, token: uuid.UUID) -> bool:
    """Write what came of an attempt; False if the delivery is not ours any more."""
    ours = WebhookDelivery.objects.filter(
        pk=delivery.pk, lease_token=token, state=DeliveryState.SENDING
    )
    if not close_or_defer(ours, delivery.attempts + 1, answer):
        return False
    WebhookAttempt.objects.create(
        delivery=delivery,
        reason=answer.reason,
        status_code=answer.status,
        milliseconds=answer.milliseconds,
        answer=answer.text,
    )
    if answer.good:
        note_success(delivery.endpoint_id)
    else:
        note_failure(delivery.endpoint_id, gone=answer.reason == "gone")
    return True


def close_or_defer(rows: QuerySet[WebhookDelivery], attempts: int, answer: Answer) -> int:
    free_again = {"lease_token": None, "lease_until": None, "attempts": attempts}
    if answer.good:
        return rows.update(state=DeliveryState.DELIVERED, closed_at=Now(), **free_again)
    wait = backoff.wait(attempts, wish=wish_of(answer), chance=random.random)
    if wait is None or answer.reason == "gone":
        return rows.update(state=DeliveryState.FAILED, closed_at=Now(), **free_again)
    return rows.update(state=DeliveryState.QUEUED, next_attempt_at=Now() + wait, **free_again)


def wish_of(answer: Answer) -> timedelta | None:
    """`Retry-After` in seconds; a date is nothing that anybody sends here."""
    seconds = answer.retry_after.strip()
    return timedelta(seconds=int(seconds[:9])) if seconds.isdecimal() else None


def note_success(endpoint_id: int) -> None:
    rows = WebhookEndpoint.objects.filter(pk=endpoint_id)
    rows.update(failing_since=None, last_delivered_at=Now())


def note_failure(endpoint_id: int, *, gone: bool) -> None:
    """Remember since when it fails; switch it off after some days, or when it wants that."""
    rows = WebhookEndpoint.objects.filter(pk=endpoint_id, active=True)
    rows.update(failing_since=Coalesce(F("failing_since"), Now()))
    patience = timedelta(days=settings.WEBHOOK_PATIENCE_DAYS)
    tired = rows if gone else rows.filter(failing_since__lt=Now() - patience)
    reason = "gone" if gone else "failing"
    if tired.update(active=False, switched_off_at=Now(), switched_off_because=reason):
        log.warning("webhook %s is switched off: %s", endpoint_id, reason)
        WebhookDelivery.objects.filter(endpoint_id=endpoint_id, state__in=OPEN).update(
            state=DeliveryState.FAILED, closed_at=Now(), lease_token=None, lease_until=None
        )
