"""What the admin gains from the programmes."""

from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.templatetags.static import static
from django.utils.html import format_html
from wagtail import hooks
from wagtail.contrib.settings.registry import register_setting
from wagtail.snippets.models import register_snippet

from nurture.authoring import admin, history
from nurture.models import MailSettings, MailTimes

register_snippet(admin.SequenceViewSet)
register_snippet(admin.ClosureViewSet)
register_setting(MailSettings, icon="mail")
register_setting(MailTimes, icon="time")
hooks.register("register_admin_urls", admin.workbench_urls)


def authoring_css() -> str:
    return format_html('<link rel="stylesheet" href="{}">', static("nurture/authoring.css"))


def authoring_js() -> str:
    return format_html('<script src="{}" defer></script>', static("nurture/authoring.js"))


def recall_permission() -> QuerySet[Permission]:
    return Permission.objects.filter(content_type__app_label="nurture", codename="recall")


hooks.register("register_log_actions", history.register)
hooks.register("insert_global_admin_css", authoring_css)
hooks.register("insert_editor_js", authoring_js)
hooks.register("register_permissions", recall_permission)
