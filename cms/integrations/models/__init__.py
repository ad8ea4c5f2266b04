"""The rows of integrations. They belong to the app `cms`."""

from cms.integrations.models.token import ApiToken, Scope
from cms.integrations.models.webhook import (
    OPEN,
    DeliveryState,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)

__all__ = [
    "OPEN",
    "ApiToken",
    "DeliveryState",
    "Scope",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
]
