import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from cms.integrations import signing


class DeliveryState(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    SENDING = "sending", _("On its way")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Given up")


OPEN = (DeliveryState.QUEUED, DeliveryState.SENDING)


class WebhookEndpoint(models.Model):
    """Somebody's program that wants to know when something happens."""

    name = models.CharField(
        _("name"), max_length=80, help_text=_("For example: rebuild of the website.")
    )
    url = models.URLField(
        _("address"),
        max_length=500,
        help_text=_("Where events are sent. Must be https:// and on the public internet."),
    )
    events = ArrayField(models.CharField(max_length=60), verbose_name=_("events"), default=list)
    active = models.BooleanField(_("switched on"), default=True)
    # The secret is derived from these and LINK_KEYS: the database alone does not give it away.
    nonce = models.CharField(max_length=32, default=signing.new_nonce, editable=False)
    previous_nonce = models.CharField(max_length=32, blank=True, editable=False)
    previous_until = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    last_delivered_at = models.DateTimeField(_("last delivered"), null=True, editable=False)
    switched_off_at = models.DateTimeField(null=True, editable=False)
    switched_off_because = models.CharField(max_length=40, blank=True, editable=False)
    staff_told_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("webhook")

    def __str__(self) -> str:
        return self.name

    @property
    def nonces(self) -> list[str]:
        """What signs now: the newest first, and the one before it for a time of grace."""
        return signing.current(self.nonce, self.previous_nonce, until=self.previous_until)

    @property
    def is_fine(self) -> bool:
        return self.active and self.failing_since is None

    @property
    def is_wrong(self) -> bool:
        return self.switched_off_at is not None if not self.active else not self.is_fine

    @property
    def status(self) -> Any:
        """In words, for the list of webhooks."""
        if self.active:
            return _("Failing") if self.failing_since else _("On")
        return _("Switched off by us") if self.switched_off_at else _("Off")


class WebhookEvent(models.Model):
    """Something that happened, written down in the transaction in which it happened."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=60)
    data = models.JSONField()
    occurred_at = models.DateTimeField(db_default=Now(), db_index=True)

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class WebhookDelivery(models.Model):
    """One event on its way to one endpoint: the outbox row."""

    event = models.ForeignKey(WebhookEvent, on_delete=models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries"
    )
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.QUEUED
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), db_default=Now())
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "endpoint"], name="one_delivery_for_each_endpoint"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=sorted(DeliveryState.values)),
                name="webhookdelivery_state_is_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "next_attempt_at"],
                condition=models.Q(state__in=[state.value for state in OPEN]),
                name="webhooks_on_their_way",
            )
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}"

    @property
    def is_fine(self) -> bool:
        return self.state == DeliveryState.DELIVERED

    @property
    def is_wrong(self) -> bool:
        return self.state == DeliveryState.FAILED


class WebhookAttempt(models.Model):
    """What came of one attempt."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="log")
    at = models.DateTimeField(db_default=Now())
    reason = models.CharField(max_length=40)
    status_code = models.PositiveSmallIntegerField(null=True)
    milliseconds = models.PositiveIntegerField()
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.reason} {self.status_code or ''}".strip()
