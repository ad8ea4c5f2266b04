"""Webhooks in the menu: who is told of what, whether it arrives, and a new secret when needed."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.log_actions import log
from wagtail.permissions import policy_registry

from cms.admin import shown_once
from cms.integrations import addresses, signing, webhooks
from cms.integrations.addresses import Refused
from cms.integrations.models import WebhookEndpoint

HINT = _("The receiver needs it to check that an event comes from here (Standard Webhooks).")
RECENT = 10


class WebhookForm(WagtailAdminModelForm):
    events = forms.MultipleChoiceField(
        label=_("Events"),
        choices=webhooks.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("A payload has ids, types, paths and times, and nothing about a person."),
    )

    class Meta(WagtailAdminModelForm.Meta):
        model = WebhookEndpoint
        fields = ["name", "url", "events", "active"]

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            addresses.check_url(url, internal_hosts=settings.WEBHOOK_INTERNAL_HOSTS)
        except Refused as why:
            raise ValidationError(
                _("This address is not called: %(why)s."), params={"why": why}
            ) from None
        return url

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002, Django's signature
        if "active" in self.changed_data and self.cleaned_data["active"]:
            webhooks.switch_on(self.instance)
        return super().save(commit=commit)


class StatusColumn(Column):
    cell_template_name = "cms/admin/webhook_status_cell.html"

    def get_cell_context_data(self, instance: Any, parent_context: Any) -> Any:
        context = super().get_cell_context_data(instance, parent_context)
        mood = "w-status--primary" if instance.is_fine else ""
        return {**context, "mood": "transfer-wrong" if instance.is_wrong else mood}


class WebhookCreateView(generic.CreateView):
    submit_button_label = _("Make the webhook")

    def form_valid(self, form: Any) -> Any:
        """The secret is part of this answer and of no other."""
        row = form.save(commit=False)
        row.created_by = self.request.user
        row.save()
        log(instance=row, action="wagtail.create", user=self.request.user)
        return secret_page(self.request, row, title=_("Webhook “%(name)s” is made"))


class WebhookEditView(generic.EditView):
    template_name = "cms/admin/webhook_edit.html"

    def get_context_data(self, **kwargs: Any) -> Any:
        recent = self.object.deliveries.select_related("event").prefetch_related("log")
        return super().get_context_data(
            recent=recent.order_by("-pk")[:RECENT],
            log_url=reverse("webhook_log:index") + f"?endpoint={self.object.pk}",
            **kwargs,
        )


class WebhookViewSet(ModelViewSet):
    name = url_namespace = "webhooks"
    url_prefix = "integrations/webhooks"
    model = WebhookEndpoint
    icon = "link-external"
    menu_label = _("Webhooks")
    menu_order = 200
    add_view_class = WebhookCreateView
    edit_view_class = WebhookEditView
    edit_template_name = "cms/admin/webhook_edit.html"
    add_to_reference_index = False
    copy_view_enabled = False
    list_per_page = 50
    list_display = [
        "name",
        Column("host", label=_("Host"), accessor=lambda row: urlsplit(row.url).hostname),
        Column("events", label=_("Events"), accessor=lambda row: len(row.events)),
        StatusColumn("status", label=_("Status")),
        DateColumn("last_delivered_at", label=_("Last delivered"), sort_key="last_delivered_at"),
    ]

    def get_form_class(self, for_update: bool = False) -> Any:  # noqa: FBT001, FBT002, ARG002
        return WebhookForm

    def get_urlpatterns(self) -> list[Any]:
        return [
            *super().get_urlpatterns(),
            path("test/<int:pk>/", send_test, name="test"),
            path("secret/<int:pk>/", new_secret, name="secret"),
        ]


def changeable(request: HttpRequest, pk: int) -> WebhookEndpoint:
    policy = policy_registry.get_by_type(WebhookEndpoint)
    if not policy.user_has_permission(request.user, "change"):
        raise PermissionDenied
    return get_object_or_404(WebhookEndpoint, pk=pk)


@require_POST
def send_test(request: HttpRequest, pk: int) -> HttpResponse:
    endpoint = changeable(request, pk)
    if endpoint.active:
        webhooks.test(endpoint)
        messages.success(request, _now("A test is on its way. Reload this page to see it arrive."))
    else:
        messages.error(request, _now("The webhook is switched off. Switch it on first."))
    return redirect("webhooks:edit", pk)


@require_POST
def new_secret(request: HttpRequest, pk: int) -> HttpResponse:
    endpoint = changeable(request, pk)
    webhooks.rotate(endpoint)
    log(instance=endpoint, action="wagtail.edit", user=request.user)
    title = _("“%(name)s” has a new secret; the old one counts for one more day")
    return secret_page(request, endpoint, title=title)


def secret_page(request: HttpRequest, endpoint: WebhookEndpoint, *, title: Any) -> HttpResponse:
    return shown_once.page(
        request,
        title=title % {"name": endpoint.name},
        secret=signing.secret(endpoint.nonce),
        hint=HINT,
        back=reverse("webhooks:edit", args=[endpoint.pk]),
    )
