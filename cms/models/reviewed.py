"""All health pages at once, whatever their type, with what their rows say about their review."""

from datetime import date
from typing import Any

from django.apps import apps
from django.db.models import Case, CharField, Count, F, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from wagtail.models import Page

from cms import review
from cms.models.base import HealthPage
from cms.models.review import Approval
from cms.review import Status


def health_page_types() -> list[type[HealthPage]]:
    models = apps.get_app_config("cms").get_models()
    return [model for model in models if issubclass(model, HealthPage)]


def reviewed_pages() -> Any:
    """Pages with `reviewed`, `due`, `approved` and `said`, in one query for all types."""
    return Page.objects.type(*health_page_types()).annotate(
        reviewed=common("last_reviewed"),
        due=common("next_review_due"),
        approved=common("approved_fingerprint"),
        said=common("live_fingerprint"),
    )


def common(field: str) -> Coalesce:
    return Coalesce(*(F(f"{model._meta.model_name}__{field}") for model in health_page_types()))


def status_of(page: Any, *, today: date | None = None) -> Status:
    """The status of a page of `reviewed_pages`."""
    return review.status(
        last_reviewed=page.reviewed,
        next_due=page.due,
        changed=page.approved != page.said,
        today=today or timezone.localdate(),
    )


def with_status(pages: Any, *, today: date) -> Any:
    """The same rule in SQL, for filters and counts; a test holds both together."""
    return pages.annotate(
        review_status=Case(
            When(reviewed=None, then=Value(Status.NEVER)),
            When(~Q(approved=F("said")), then=Value(Status.CHANGED)),
            When(due__lt=today, then=Value(Status.OVERDUE)),
            When(due__lte=today + review.DUE_SOON, then=Value(Status.DUE_SOON)),
            default=Value(Status.CURRENT),
            output_field=CharField(),
        )
    )


def counts(pages: Any) -> dict[Status, int]:
    """How many of the pages `with_status` have which, zeros included, in one query."""
    found = pages.order_by().values_list("review_status").annotate(Count("pk"))
    by_status = {Status(name): count for name, count in found}
    return {status: by_status.get(status, 0) for status in Status}


def add_reviewers(pages: list[Any]) -> None:
    """Set `reviewer_names` on pages of `reviewed_pages`, in one query for all."""
    fingerprints = {page.pk: page.approved for page in pages}
    approvals = Approval.objects.filter(
        page_id__in=fingerprints, fingerprint__in=set(fingerprints.values())
    ).order_by("-pk")
    names: dict[int, list[str]] = {}
    for page_id, fingerprint, name in approvals.values_list(
        "page_id", "fingerprint", "clinician_name"
    ):
        known = names.setdefault(page_id, [])
        if fingerprint == fingerprints[page_id] and name not in known:
            known.append(name)
    for page in pages:
        page.reviewer_names = ", ".join(names.get(page.pk, []))
