"""Telling other people's programs that something happened.

    webhooks.register("page.published", _("A page was published"))     once, when the app starts
    webhooks.announce("page.published", {"page": {...}})               in the caller's transaction

A payload carries ids, types, paths and times: no title, no name, no address.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.integrations import doorbell, signing
from cms.integrations.models import (
    OPEN,
    DeliveryState,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)

TEST = "webhook.test"
LABELS: dict[str, Any] = {TEST: _("A test, sent by hand")}


@dataclass(frozen=True, slots=True)
class Announced:
    """How many endpoints will hear of it."""

    deliveries: int


def register(name: str, label: Any) -> None:
    """Make an event known, so that an endpoint can ask for it. Once, when the app starts."""
    LABELS[name] = label


def choices() -> list[tuple[str, Any]]:
    """The events that an endpoint may ask for."""
    return [(name, label) for name, label in LABELS.items() if name != TEST]


def announce(event: str, data: dict[str, Any]) -> Announced:
    """Write down that it happened, for all who asked, in the caller's transaction.

    Costs one query where nobody asked. `event` has to be registered.
    """
    LABELS[event]
    with transaction.atomic():
        asked = WebhookEndpoint.objects.filter(active=True, events__contains=[event])
        return send_to(list(asked.order_by("pk")), event, data)


def test(endpoint: WebhookEndpoint) -> Announced:
    """Send a test event to this endpoint alone, whatever it asked for."""
    with transaction.atomic():
        return send_to([endpoint], TEST, {"webhook": endpoint.name})


def send_to(endpoints: list[WebhookEndpoint], event: str, data: dict[str, Any]) -> Announced:
    if not endpoints:
        return Announced(0)
    row = WebhookEvent.objects.create(type=event, data=data)
    rows = [WebhookDelivery(event=row, endpoint=endpoint) for endpoint in endpoints]
    WebhookDelivery.objects.bulk_create(rows)
    doorbell.ring_on_commit()
    return Announced(len(rows))


def replay(delivery: WebhookDelivery) -> bool:
    """Send it once more, from the first attempt on, under the same id; False while it is open.

    The receiver sees by `webhook-id` that it is the same event.
    """
    closed = WebhookDelivery.objects.filter(pk=delivery.pk).exclude(state__in=OPEN)
    again = closed.filter(endpoint__active=True).update(
        state=DeliveryState.QUEUED, attempts=0, next_attempt_at=Now(), closed_at=None
    )
    if again:
        doorbell.ring_on_commit()
    return bool(again)


def rotate(endpoint: WebhookEndpoint) -> str:
    """A new secret, to be shown once. The one before it signs along for a day."""
    endpoint.previous_nonce, endpoint.nonce = endpoint.nonce, signing.new_nonce()
    endpoint.previous_until = timezone.now() + signing.GRACE
    endpoint.save(update_fields=["nonce", "previous_nonce", "previous_until"])
    return signing.secret(endpoint.nonce)


def switch_on(endpoint: WebhookEndpoint) -> None:
    """Forget that it ever failed."""
    endpoint.active, endpoint.failing_since = True, None
    endpoint.switched_off_at, endpoint.switched_off_because = None, ""
    endpoint.staff_told_at = None


def forget(*, older_than: timedelta) -> int:
    """Delete what was closed long ago, and how much that was."""
    still_open = Q(pk__in=WebhookDelivery.objects.filter(state__in=OPEN).values("event_id"))
    old = WebhookEvent.objects.filter(occurred_at__lt=timezone.now() - older_than)
    _total, kinds = old.exclude(still_open).delete()
    return kinds.get(WebhookEvent._meta.label, 0)
