"""API tokens in the menu: who has a key to the API, and since when it was last used."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.admin.widgets import AdminDateTimeInput
from wagtail.log_actions import log

from cms.admin import shown_once
from cms.integrations import tokens
from cms.integrations.models import ApiToken, Scope

LIFETIME = timedelta(days=365)  # suggested for a new token
LONGEST = timedelta(days=3 * 365)


class TokenForm(WagtailAdminModelForm):
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=Scope.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Everybody may read what is published. Tick only what this token needs."),
    )

    class Meta:
        model = ApiToken
        fields = ["name", "scopes", "expires_at"]
        widgets = {"expires_at": AdminDateTimeInput()}

    def clean_expires_at(self) -> Any:
        expires_at, now = self.cleaned_data["expires_at"], timezone.now()
        if not now < expires_at <= now + LONGEST:
            raise ValidationError(_("Choose a time in the next three years."))
        return expires_at


class DayColumn(Column):
    cell_template_name = "cms/admin/token_date_cell.html"


class TokenEditView(generic.EditView):
    delete_item_label = _("Revoke")


class TokenCreateView(generic.CreateView):
    submit_button_label = _("Make the token")

    def get_initial(self) -> dict[str, Any]:
        return {"expires_at": timezone.now() + LIFETIME}

    def form_valid(self, form: Any) -> Any:
        """The secret is part of this answer and of no other."""
        row = form.save(commit=False)
        secret = tokens.issue(row, user_id=self.request.user.pk)
        log(instance=row, action="wagtail.create", user=self.request.user)
        return shown_once.page(
            self.request,
            title=_("Token “%(name)s” is made") % {"name": row.name},
            secret=secret,
            hint=_("A program sends it with each request as Authorization: Bearer …"),
            back=reverse("api_tokens:index"),
        )


class TokenRevokeView(generic.DeleteView):
    page_title = _("Revoke")
    template_name = "cms/admin/token_revoke.html"
    success_message = _("%(model_name)s '%(object)s' revoked.")
    confirmation_message = _("Programs that use this token are refused from the next request on.")

    def delete_action(self) -> None:
        tokens.revoke(self.object)
        log(instance=self.object, action="wagtail.delete", user=self.request.user)


class TokenViewSet(ModelViewSet):
    name = url_namespace = "api_tokens"
    url_prefix = "integrations/tokens"
    model = ApiToken
    icon = "key"
    menu_label = _("API tokens")
    menu_order = 100
    add_view_class = TokenCreateView
    edit_view_class = TokenEditView
    delete_view_class = TokenRevokeView
    add_to_reference_index = False
    copy_view_enabled = False
    list_per_page = 50
    list_display = [
        "name",
        Column("scopes", label=_("May"), accessor=lambda row: ", ".join(row.scopes) or "–"),
        Column("status", label=_("Status")),
        DayColumn("expires_at", label=_("Expires"), sort_key="expires_at"),
        DayColumn("last_used_at", label=_("Last used"), sort_key="last_used_at"),
        Column("created_by", label=_("Made by")),
    ]
    search_fields = ["name"]

    def get_form_class(self, for_update: bool = False) -> type[TokenForm]:  # noqa: FBT001, FBT002, ARG002
        return TokenForm
