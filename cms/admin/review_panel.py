"""The dashboard's answer to: what is waiting for a clinician?"""

from collections.abc import Mapping
from typing import Any

from wagtail.admin.ui.components import Component

from cms.admin import review_report
from cms.review import Status


class ReviewPanel(Component):
    name = "clinical_review"
    template_name = "cms/admin/review_dashboard.html"
    order = 150

    def render_html(self, parent_context: Mapping[str, Any] | None = None) -> str:
        user = (parent_context or {})["request"].user
        return str(super().render_html(parent_context)) if review_report.may_see(user) else ""

    def get_context_data(self, parent_context: Mapping[str, Any]) -> dict[str, Any]:
        tiles = review_report.tiles(parent_context["request"].user)
        waiting = sum(tile["count"] for tile in tiles if tile["status"] != Status.CURRENT)
        return {"tiles": tiles, "waiting": waiting}
