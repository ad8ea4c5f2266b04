"""The one door through which other apps take content: frozen values, never models."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.dispatch import Signal
from django.utils import timezone
from wagtail.models import Workflow
from wagtail.rich_text import expand_db_html

from cms import drawings, review
from cms.dosage import Dosage
from cms.models import DiagnosisPage, ExercisePage, Picture, review_task
from cms.models.clinicians import clinician_of
from cms.models.reviewed import reviewed_pages, status_of, with_status

# Sent with `page_ids` inside the transaction that publishes, unpublishes or deletes them (approving
# publishes). It says "look"; that a due date has passed is found by asking again, in a sweep.
review_may_have_changed = Signal()

MAIL_PICTURE_WIDTH = 1040  # twice the widest that a mail shows, for sharp screens


class Unavailable(LookupError):
    """The content is not published, so nobody may be sent it."""


@dataclass(frozen=True, slots=True)
class PictureView:
    """A PNG or JPEG that every mail client shows. `path` is below the site, its name opaque."""

    path: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Exercise:
    """An exercise as published at one moment."""

    page_id: int
    revision_id: int | None
    key: UUID
    title: str
    summary: str
    steps: tuple[str, ...]
    cues: tuple[str, ...]
    stop_if: str
    dosage: Dosage
    picture: PictureView | None


def exercise(page_id: int) -> Exercise:
    """Raises `Unavailable` unless the page is live and open to the public."""
    page = ExercisePage.objects.live().public().filter(pk=page_id).first()
    if page is None:
        raise Unavailable("The exercise is not published.")
    return Exercise(
        page_id=page.pk,
        revision_id=page.live_revision_id,
        key=page.translation_key,
        title=page.title,
        summary=page.summary,
        steps=tuple(step.value["text"] for step in page.steps),
        cues=tuple(str(line.value) for line in page.cues),
        stop_if=page.stop_if,
        dosage=page.default_dosage,
        picture=mail_picture(page.drawing) if page.drawing else None,
    )


def diagnosis_names(page_id: int) -> tuple[str, ...]:
    """Everything that a diagnosis is called: what must never show outside a mail's body."""
    page = DiagnosisPage.objects.get(pk=page_id)
    region = page.get_parent().title
    return (page.title, region, *(str(synonym.value) for synonym in page.synonyms))


def in_review(page_id: int, *, today: date | None = None) -> bool:
    """Whether a clinician stands behind what a published health page says, and still does today."""
    page = reviewed_pages().live().filter(pk=page_id).first()
    return page is not None and status_of(page, today=today) in review.IN_REVIEW


def not_in_review(page_ids: Collection[int], *, today: date | None = None) -> frozenset[int]:
    """Those of the pages that no clinician stands behind today, or that are not live or not there.

    One query, whatever the number of pages.
    """
    pages = with_status(reviewed_pages().live(), today=today or timezone.localdate())
    good = pages.filter(pk__in=page_ids, review_status__in=review.IN_REVIEW)
    return frozenset(page_ids) - frozenset(good.order_by().values_list("pk", flat=True))


def html(rich_text: str) -> str:
    """Rich text as HTML with real addresses in its links."""
    return str(expand_db_html(rich_text))


def mail_picture(picture: Picture) -> PictureView:
    """The picture as mail clients show it, made once, named by its content."""
    if not picture.is_svg():
        rendition = picture.get_rendition(f"width-{MAIL_PICTURE_WIDTH}|format-png")
        return PictureView(rendition.url, picture.description, rendition.width, rendition.height)
    with picture.file.open("rb") as file:
        drawing = file.read()
    name = f"mail/{sha256(drawing).hexdigest()[:32]}.png"
    if not default_storage.exists(name):
        default_storage.save(name, ContentFile(drawings.png(drawing, width=MAIL_PICTURE_WIDTH)))
    height = round(picture.height * MAIL_PICTURE_WIDTH / picture.width)
    return PictureView(default_storage.url(name), picture.description, MAIL_PICTURE_WIDTH, height)


def clinical_workflow() -> Workflow | None:
    """The workflow in which only a clinician approves, for whatever is to go through it."""
    review_task.ensure_workflow()
    tasks = review_task.ClinicalReviewTask.objects.filter(active=True)
    return Workflow.objects.filter(active=True, workflow_tasks__task__in=tasks).first()


def approving_clinician(task_state: Any, user: Any) -> str:
    """The name of the clinician whose approval this is; empty if it is another kind of task."""
    if not isinstance(task_state, review_task.ClinicalReviewState):
        return ""
    clinician = clinician_of(user)
    return clinician.full_name if clinician else ""
