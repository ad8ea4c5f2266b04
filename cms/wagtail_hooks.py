"""What the admin gains from us."""

from typing import Any

from django.templatetags.static import static
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.signals import init_new_page
from wagtail.snippets.models import register_snippet

from cms import delivery, languages, links
from cms.admin import review_history, review_report, templates, translation_report
from cms.admin.catalogue import exercises
from cms.admin.catalogue_chooser import exercise_chooser
from cms.admin.citations import CitationViewSet
from cms.admin.integrations import integrations
from cms.admin.review_panel import ReviewPanel
from cms.admin.webhook_panel import WebhookPanel

register_snippet(CitationViewSet)

hooks.register("register_log_actions", review_history.register)
hooks.register("before_serve_page", languages.in_own_language)


init_new_page.connect(templates.begin, dispatch_uid="a new diagnosis begins with its structure")


@hooks.register("insert_global_admin_css")
def editor_css() -> str:
    return format_html('<link rel="stylesheet" href="{}">', static("cms/editor.css"))


@hooks.register("register_admin_viewset")
def exercise_viewsets() -> list[Any]:
    return [exercises, exercise_chooser, integrations]


@hooks.register("register_rich_text_features", order=10)
def links_to_open_pages(features: Any) -> None:
    features.register_link_type(links.OpenPageLinks)


class ReviewReportItem(MenuItem):
    def is_shown(self, request: Any) -> bool:
        return review_report.may_see(request.user)


class TranslationReportItem(MenuItem):
    def is_shown(self, request: Any) -> bool:
        return translation_report.may_see(request.user)


def report_urls() -> list[Any]:
    views: dict[str, Any] = {
        "review": review_report.ReviewReportView,
        "translation": translation_report.TranslationReportView,
    }
    return [
        each
        for name, view in views.items()
        for each in (
            path(f"reports/{name}/", view.as_view(), name=f"{name}_report"),
            path(
                f"reports/{name}/results/",
                view.as_view(results_only=True),
                name=f"{name}_report_results",
            ),
        )
    ]


def review_report_item() -> MenuItem:
    return ReviewReportItem(
        _("Due for review"), reverse("review_report"), icon_name="calendar-check", order=50
    )


def translation_report_item() -> MenuItem:
    return TranslationReportItem(
        _("Translations behind their source"),
        reverse("translation_report"),
        icon_name="globe",
        order=60,
    )


def review_panel(_request: Any, panels: list[Any]) -> None:
    panels.extend([ReviewPanel(), WebhookPanel()])


hooks.register("register_admin_urls", report_urls)
hooks.register("register_reports_menu_item", review_report_item)
hooks.register("register_reports_menu_item", translation_report_item)
hooks.register("construct_homepage_panels", review_panel)
hooks.register("on_serve_page", delivery.say_who_may_keep_it, order=1_000)
