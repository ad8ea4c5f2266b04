"""Every delivery of the last weeks: what was sent and answered, and a button to send again."""

import json
from typing import Any

import django_filters
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.base import ViewSet
from wagtail.permissions import policy_registry

from cms.admin.webhooks import StatusColumn, changeable
from cms.integrations import sender, webhooks
from cms.integrations.models import DeliveryState, WebhookDelivery, WebhookEndpoint


class LogFilterSet(WagtailFilterSet):
    endpoint = django_filters.ModelChoiceFilter(
        label=_("Webhook"), queryset=lambda _request: WebhookEndpoint.objects.all()
    )
    state = django_filters.MultipleChoiceFilter(
        label=_("State"), choices=DeliveryState.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = WebhookDelivery
        fields: list[str] = []


def last_answer(row: WebhookDelivery) -> str:
    attempts = list(row.log.all())
    return str(attempts[-1]) if attempts else "–"


class LogIndexView(generic.IndexView):
    any_permission_required = ["change"]
    filterset_class = LogFilterSet
    default_ordering = "-pk"
    columns = [
        TitleColumn(
            "event",
            label=_("Event"),
            accessor=lambda row: row.event.type,
            get_url=lambda row: reverse("webhook_log:inspect", args=[row.pk]),
        ),
        DateColumn("event__occurred_at", label=_("Happened"), accessor="event.occurred_at"),
        Column("endpoint", label=_("Webhook")),
        StatusColumn("state", label=_("State"), accessor="get_state_display"),
        Column("attempts", label=_("Attempts")),
        Column("last", label=_("Last answer"), accessor=last_answer),
    ]

    def get_base_queryset(self) -> Any:
        rows = WebhookDelivery.objects.select_related("event", "endpoint")
        return rows.prefetch_related("log")


class LogInspectView(generic.InspectView):
    any_permission_required = ["change"]
    template_name = "cms/admin/webhook_delivery.html"
    page_title = _("Delivery")
    fields = ["id"]

    def get_page_subtitle(self) -> str:
        return str(self.object.event.type)

    def get_context_data(self, **kwargs: Any) -> Any:
        body = json.dumps(json.loads(sender.body_of(self.object)), indent=2, ensure_ascii=False)
        return super().get_context_data(
            delivery=self.object,
            body=body,
            event_id=sender.event_id(self.object),
            is_closed=self.object.state not in (DeliveryState.QUEUED, DeliveryState.SENDING),
            **kwargs,
        )


class LogViewSet(ViewSet):
    name = "webhook_log"
    url_prefix = "integrations/deliveries"
    icon = "history"
    menu_label = _("Deliveries")
    menu_order = 300

    def get_common_view_kwargs(self, **kwargs: Any) -> Any:
        return super().get_common_view_kwargs(
            model=WebhookDelivery,
            permission_policy=policy_registry.get_by_type(WebhookEndpoint),
            index_url_name="webhook_log:index",
            index_results_url_name="webhook_log:index_results",
            header_icon=self.icon,
            paginate_by=50,
            **kwargs,
        )

    def get_urlpatterns(self) -> list[Any]:
        results = self.construct_view(LogIndexView, results_only=True)
        return [
            path("", self.construct_view(LogIndexView), name="index"),
            path("results/", results, name="index_results"),
            path("<int:pk>/", self.construct_view(LogInspectView), name="inspect"),
            path("<int:pk>/again/", send_again, name="again"),
        ]


@require_POST
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    delivery = get_object_or_404(WebhookDelivery, pk=pk)
    changeable(request, delivery.endpoint_id)
    if webhooks.replay(delivery):
        messages.success(request, _now("The event is on its way again, under the same id."))
    else:
        messages.error(request, _now("It is on its way still, or the webhook is switched off."))
    return redirect("webhook_log:inspect", pk)
