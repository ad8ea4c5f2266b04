"""The dashboard says it when a webhook was switched off, or is about to be."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import Q
from wagtail.admin.ui.components import Component
from wagtail.permissions import policy_registry

from cms.integrations.models import WebhookEndpoint


class WebhookPanel(Component):
    name = "webhooks"
    template_name = "cms/admin/webhook_dashboard.html"
    order = 160

    def render_html(self, parent_context: Mapping[str, Any] | None = None) -> str:
        user = (parent_context or {})["request"].user
        policy = policy_registry.get_by_type(WebhookEndpoint)
        if not policy.user_has_permission(user, "change") or not troubled().exists():
            return ""
        return str(super().render_html(parent_context))

    def get_context_data(self, _parent_context: Mapping[str, Any]) -> dict[str, Any]:
        return {"webhooks": troubled(), "days": settings.WEBHOOK_PATIENCE_DAYS}


def troubled() -> Any:
    failing = Q(active=True, failing_since__isnull=False)
    off = Q(active=False, switched_off_at__isnull=False)
    return WebhookEndpoint.objects.filter(failing | off)
