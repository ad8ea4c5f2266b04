from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from cms.models.exercises import ExercisePage, Kind, Level, Position, pictured
from cms.models.front_end import OnFrontEnd

ON_ONE_PAGE = 48  # exercises in the list
FILTERS = {"kind": Kind, "level": Level, "position": Position}


def is_choice(asked: dict[str, Any]) -> bool:
    return asked["chosen"] in dict(asked["choices"])


class ExerciseIndexPage(OnFrontEnd):
    """All exercises."""

    content_panels = [*Page.content_panels]
    parent_page_types = ["cms.HomePage"]
    subpage_types = ["cms.ExercisePage"]
    max_count_per_parent = 1

    class Meta:
        verbose_name = _("list of exercises")
        verbose_name_plural = _("lists of exercises")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """`filters` for the form, and one page of the `exercises` that fit. Unknown values do not
        filter, and a page that is none is the nearest one."""
        filters = [
            {
                "name": name,
                "label": getattr(ExercisePage, name).field.verbose_name,
                "choices": kinds.choices,
                "chosen": request.GET.get(name, ""),
            }
            for name, kinds in FILTERS.items()
        ]
        exercises = (
            pictured()
            .child_of(self)
            .live()
            .public()
            .filter(**{f["name"]: f["chosen"] for f in filters if is_choice(f)})
        )
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        shown = Paginator(exercises, ON_ONE_PAGE).get_page(request.GET.get("page"))
        chosen = {f["name"]: f["chosen"] for f in filters if is_choice(f)}
        return {**context, "filters": filters, "chosen": urlencode(chosen), "exercises": shown}
