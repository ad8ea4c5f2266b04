"""The menu entry under which other people's programs are let in and told of changes."""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.viewsets.model import ModelViewSetGroup

from cms.admin.tokens import TokenViewSet
from cms.admin.webhook_log import LogViewSet
from cms.admin.webhooks import WebhookViewSet


class IntegrationsGroup(ModelViewSetGroup):
    menu_label = _("Integrations")
    menu_icon = "link-external"
    menu_order = 600
    items = (TokenViewSet("api_tokens"), WebhookViewSet("webhooks"), LogViewSet("webhook_log"))


integrations = IntegrationsGroup()
