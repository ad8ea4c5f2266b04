"""Makes again what is outdated, and finds what nobody marked."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import F, Q
from django.utils import timezone
from wagtail.models import Page

from cms.documents import faults, installation, outdated, pictures, store
from cms.documents.compiling import compile_page
from cms.documents.pages import DOCUMENTS
from cms.models import Document, Outdated, Picture

log = logging.getLogger(__name__)

WORKING = 0x636D74  # the advisory lock of whoever works
TOGETHER = 20  # pages in one transaction: a publisher of one of them waits that long at most
MARKS_LOOKED_AT = 500  # a page may have many


def work() -> int:
    """Compile what is marked, the urgent first, else in order; how many pages. 0 if somebody else
    is at it: they see our marks too."""
    failed: set[int] = set()
    done = 0
    with alone() as ours:
        while ours and (pages := next_pages(failed)):
            kept = make_together(pages)
            kept |= {page for page in pages if page not in kept and succeeds(make, page)}
            failed |= {*pages} - kept
            done += len(kept)
    return done


def succeeds(act: Callable[[int], None], page_id: int) -> bool:
    """A page that cannot be compiled stays marked and keeps no other from being."""
    try:
        act(page_id)
    except Exception as error:  # noqa: BLE001 - any fault, and told without the page's words
        log.error("page %s cannot be compiled: %s", page_id, faults.told(error))  # noqa: TRY400
        return False
    return True


def make_together(page_ids: list[int]) -> set[int]:
    """Compile several pages in one transaction; which ones that were. Those that are left, because
    somebody has them locked or one of them fails, are for `make`."""
    if len(page_ids) == 1:
        return set()
    try:
        kept, unprepared = store.keep_free(page_ids)
    except Exception as error:  # noqa: BLE001 - `make` will say which page it was
        log.warning("pages are compiled one by one: %s", faults.told(error))
        return set()
    prepare(picture for found in unprepared.values() for picture in found)
    for page_id in unprepared:
        succeeds(keep_once_more, page_id)
    return kept


def make(page_id: int) -> None:
    """Compile a page; if pictures lack renditions, make those (nothing is locked) and once more."""
    if unprepared := store.keep(page_id):
        prepare(unprepared)
        keep_once_more(page_id)


def prepare(picture_ids: Iterable[int]) -> None:
    for picture in Picture.objects.filter(pk__in=set(picture_ids)):
        pictures.prepare(picture)


def keep_once_more(page_id: int) -> None:
    store.keep(page_id)


def make_at_once(page_id: int) -> None:
    """For somebody who waits: the background makes what is missing of the pictures."""
    if store.keep(page_id):
        outdated.mark_pages([page_id])


def next_pages(failed: set[int]) -> list[int]:
    marks = Outdated.objects.exclude(page_id__in=failed).order_by("-urgent", "pk")
    found = marks.values_list("page_id", flat=True)[:MARKS_LOOKED_AT]
    return list(dict.fromkeys(found))[:TOGETHER]


@contextmanager
def alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [WORKING])
        ours = bool(cursor.fetchone()[0])
    try:
        yield ours
    finally:
        if ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [WORKING])


# ------------------------------------------------------------------ what nobody marked


def strays() -> set[int]:
    """Pages whose documents cannot be right, by a look at rows alone: after a crash between a
    publication and its compile, or a change that went past Wagtail's signals."""
    now = timezone.now()
    live = Page.objects.live().type(*DOCUMENTS).filter(Q(expire_at=None) | Q(expire_at__gt=now))
    without = live.public().exclude(pk__in=Document.objects.values("page_id"))
    another = Q(page__live_revision_id__isnull=False) & (
        Q(revision_id=None) | ~Q(revision_id=F("page__live_revision_id"))
    )
    past = Q(page__live=False) | Q(page__expire_at__lte=now) | Q(valid_until__lte=now)
    documents = Document.objects.filter(another | past)
    return {
        *without.values_list("pk", flat=True),
        *documents.values_list("page_id", flat=True),
        *behind(),
        *installation.behind(),
    }


BEHIND = """
    SELECT DISTINCT document.page_id
    FROM cms_source AS source
    JOIN cms_document AS document ON document.id = source.document_id
    JOIN wagtailcore_page AS page ON source.name = 'page:' || page.id
    WHERE page.last_published_at > document.compiled_at
"""


def behind() -> set[int]:
    """Pages with documents that are older than a page that they show."""
    with connection.cursor() as cursor:
        cursor.execute(BEHIND)
        return {page for (page,) in cursor.fetchall()}


def differing() -> Iterator[int]:
    """Pages whose documents are not what compiling them now would make: the whole truth, at the
    price of compiling everything."""
    pages = Page.objects.type(*DOCUMENTS).order_by("pk")
    known: dict[int, set[tuple[str, str, str, str]]] = {}
    for document in Document.objects.only("page_id", "type", "etag", "card", "path").iterator():
        said = (document.type, document.etag, document.path, document.card)
        known.setdefault(document.page_id, set()).add(said)
    for page in pages.specific().iterator(chunk_size=100):
        compiled = {(one.type.value, one.etag, one.path, one.card) for one in compile_page(page)}
        if compiled != known.get(page.pk, set()):
            yield page.pk


def repair(*, deep: bool = False) -> int:
    """Mark what is not right and compile what is marked; how many pages were compiled."""
    outdated.mark_pages({*strays(), *(differing() if deep else ())})
    return work()
