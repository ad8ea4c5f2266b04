"""What the admin gains from the programmes."""

from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.templatetags.static import static
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.contrib.settings.registry import register_setting
from wagtail.snippets.models import register_snippet

from nurture.authoring import admin, history
from nurture.models import MailSettings, MailTimes
from nurture.staff import sending

register_snippet(admin.SequenceViewSet)
register_snippet(admin.ClosureViewSet)
register_setting(MailSettings, icon="mail")
register_setting(MailTimes, icon="time")
hooks.register("register_admin_urls", admin.workbench_urls)


def authoring_css() -> str:
    return format_html('<link rel="stylesheet" href="{}">', static("nurture/authoring.css"))


def authoring_js() -> str:
    return format_html('<script src="{}" defer></script>', static("nurture/authoring.js"))


def permissions() -> QuerySet[Permission]:
    own = Permission.objects.filter(content_type__app_label="nurture")
    return own.filter(codename__in=["recall", "steer"])


def sending_urls() -> list[URLPattern]:
    return [path("sending/", sending.page, name="sending")]


def sending_item() -> MenuItem:
    return sending.SendingItem(_("Sending"), reverse("sending"), icon_name="mail", order=60)


def sending_panel(_request: Any, panels: list[Any]) -> None:
    panels.append(sending.SendingPanel())


hooks.register("register_log_actions", history.register)
hooks.register("insert_global_admin_css", authoring_css)
hooks.register("insert_editor_js", authoring_js)
hooks.register("register_permissions", permissions)
hooks.register("register_admin_urls", sending_urls)
hooks.register("register_reports_menu_item", sending_item)
hooks.register("construct_homepage_panels", sending_panel)
