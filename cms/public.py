"""The one door through which other apps take content: frozen values, never models."""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Q, Subquery
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.images.models import Filter
from wagtail.models import Page, Workflow
from wagtail.rich_text import expand_db_html

from cms import drawings, languages, openness, review
from cms.dosage import Dosage
from cms.models import (
    DiagnosisPage,
    Document,
    ExercisePage,
    Picture,
    RegionPage,
    review_task,
)
from cms.models.clinicians import clinician_of
from cms.models.documents import DocumentType
from cms.models.exercises import ExerciseLink
from cms.models.reviewed import reviewed_pages, status_of, with_status

# Sent with `page_ids` inside the transaction that publishes, unpublishes or deletes them (approving
# publishes). It says "look"; that a due date has passed is found by asking again, in a sweep.
review_may_have_changed = Signal()

MAXIMUM_PICTURE_BYTES = 2_000_000
PHOTOS = (".jpg", ".jpeg", ".webp", ".avif", ".heic")
PAGE_LINK = re.compile(r'<a\b(?=[^>]*\blinktype="page")(?=[^>]*\bid="(?P<id>\d+)")[^>]*>')
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
    picture_id: int | None = None
    not_for: frozenset[str] = frozenset()  # what people declare: see cms.contraindications
    substitutes: tuple[int, ...] = ()  # pages of exercises that do the same job, in order


def exercise(page_id: int, *, language: str | None = None) -> Exercise:
    """In that language if it is translated, else as it is. Raises `Unavailable` unless the page
    is live and open to the public."""
    page = ExercisePage.objects.live().public().filter(pk=page_id).first()
    if page is None:
        raise Unavailable(_("The exercise is not published."))
    if language:
        page = (
            page.get_translations().live().public().filter(locale__language_code=language).first()
            or page
        )
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
        picture_id=page.drawing_id,
        not_for=frozenset(page.contraindication_tags),
        substitutes=tuple(
            link.to_id for link in page.links.all() if link.kind == ExerciseLink.Kind.SUBSTITUTE
        ),
    )


def diagnosis_names(page_id: int) -> tuple[str, ...]:
    """Everything that a diagnosis is called, in every language: what must never show outside a
    mail's body."""
    page = DiagnosisPage.objects.get(pk=page_id)
    return tuple(name for one in page.get_translations(inclusive=True) for name in names_of(one))


def names_of(page: DiagnosisPage) -> Iterator[str]:
    yield page.title
    yield page.get_parent().title
    yield from (str(synonym.value) for synonym in page.synonyms)


def health_names(locale_id: int) -> tuple[frozenset[str], frozenset[str]]:
    """What all diagnoses and regions of a language are called, and all parts of the body named."""
    diagnoses = DiagnosisPage.objects.filter(locale=locale_id)
    names = {page.title for page in diagnoses}
    names |= {str(synonym.value) for page in diagnoses for synonym in page.synonyms}
    regions = RegionPage.objects.filter(locale=locale_id).values_list("title", flat=True)
    exercises = ExercisePage.objects.filter(locale=locale_id).only("joints")
    joints = {str(joint.value) for page in exercises for joint in page.joints}
    return frozenset(names), frozenset({*joints, *regions})


def review_states(page_ids: Collection[int], *, today: date | None = None) -> dict[int, str]:
    """The status of each health page among these that is live, in one query: see cms.review."""
    pages = with_status(reviewed_pages().live(), today=today or timezone.localdate())
    found = pages.filter(pk__in=page_ids).order_by()
    return dict(found.values_list("pk", "review_status"))


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


def lost_review(page_ids: Collection[int], *, today: date | None = None) -> frozenset[int]:
    """Those of the pages that must not be mailed: approved once and changed or overdue since, or
    not live. One that nobody has reviewed yet is not among them. One query."""
    states = review_states(page_ids, today=today)
    lost = {review.Status.CHANGED, review.Status.OVERDUE}
    return frozenset(page for page in page_ids if states.get(page) is None or states[page] in lost)


def html(rich_text: str) -> str:
    """Rich text as HTML with real addresses in its links."""
    return str(expand_db_html(rich_text))


def mail_html(rich_text: str) -> tuple[str, frozenset[int]]:
    """Rich text for a mail, and the pages that it links to. What a person reads shows in no link.

    Raises `Unavailable` for a link to a page that is not published, or to nothing at all.
    """
    found: set[int] = set()

    def opaque(tag: re.Match[str]) -> str:
        page_id = int(tag["id"])
        found.add(page_id)
        return f'<a href="{page_address(page_id)}">'

    return PAGE_LINK.sub(opaque, rich_text), frozenset(found)


def page_address(page_id: int) -> str:
    """An address that says nothing about the page. Raises `Unavailable`."""
    page = Page.objects.live().public().filter(pk=page_id).only("translation_key").first()
    if page is None:
        raise Unavailable(_("A link leads to a page that is not published."))
    return f"{settings.SITE_URL}{languages.prefix(languages.active())}/p/{page.translation_key}/"


def picture(picture_id: int, *, alt: str) -> PictureView:
    """A picture that a mail shows itself. Raises `Unavailable` for one that is far too big."""
    found = Picture.objects.get(pk=picture_id)
    size = found.get_file_size() or 0
    if size > MAXIMUM_PICTURE_BYTES:
        text = _("This picture has %(size).1f MB. Make it smaller than %(limit)d MB.")
        raise Unavailable(text % {"size": size / 1e6, "limit": MAXIMUM_PICTURE_BYTES // 1e6})
    return replace(mail_picture(found), alt=alt)


def mail_picture(picture: Picture) -> PictureView:
    """The picture as mail clients show it, made once, named by its content.

    Wagtail's own renditions are named like the file, and that may tell what a picture is about.
    """
    with picture.file.open("rb") as file:
        source = file.read()
    if picture.is_svg():
        width, path = (
            MAIL_PICTURE_WIDTH,
            stored(source, "png", lambda: drawings.png(source, width=MAIL_PICTURE_WIDTH)),
        )
    else:
        photo = picture.file.name.lower().endswith(PHOTOS)
        kind = "format-jpeg|jpegquality-80" if photo else "format-png"
        scaled = Filter(spec=f"width-{MAIL_PICTURE_WIDTH}|{kind}")
        width = min(picture.width, MAIL_PICTURE_WIDTH)
        path = stored(source, "jpg" if photo else "png", lambda: resized(picture, scaled))
    return PictureView(
        path, picture.description, width, round(picture.height * width / picture.width)
    )


def resized(picture: Picture, scaled: Filter) -> bytes:
    with picture.generate_rendition_file(scaled) as made:
        return bytes(made.read())


def stored(source: bytes, ending: str, make: Callable[[], bytes]) -> str:
    """The address of a file that is named by what it was made from."""
    name = f"mail/{sha256(source).hexdigest()[:32]}.{ending}"
    if not default_storage.exists(name):
        default_storage.save(name, ContentFile(make()))
    return str(default_storage.url(name))


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


def path_of_page(page: Any) -> Any:
    """An expression for queries: where the page stands, or NULL if not everybody may see it.

    `page` names its primary key in the outer query, as an `OuterRef`.
    """
    documents = Document.objects.filter(
        ~Q(type=DocumentType.SITE),
        ~openness.closing("page__path"),
        page_id=page,
        page__live=True,
    )
    return Subquery(documents.values("path")[:1])
