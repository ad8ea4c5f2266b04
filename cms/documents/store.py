"""Keeps documents, with what they were made from, and notes what became of them."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import override
from wagtail.models import Page

from cms.documents import changes, outdated
from cms.documents.compiling import Compiled, compile_page
from cms.documents.reader import Reader, way_into
from cms.documents.shared import Shared
from cms.models import Document, Outdated, Relation, Source

Unprepared = dict[int, set[int]]  # by page, the pictures that lack renditions


@transaction.atomic
def keep(page_id: int) -> set[int]:
    """Compile a page and keep its documents; without any, forget those there were.

    The page's row is locked, so that nobody unpublishes it meanwhile. What is marked as outdated
    while we compile stays marked. Returns the pictures that are not prepared yet.
    """
    _kept, unprepared = _keep(Page.objects.select_for_update(no_key=True).filter(pk=page_id))
    return unprepared.get(page_id, set())


@transaction.atomic
def keep_free(page_ids: Collection[int]) -> tuple[set[int], Unprepared]:
    """The same for several pages, which share what they look up, but without those that somebody
    else has locked: we hold many rows, so we wait for nobody. Returns the pages that were kept, and
    which of them lack which pictures."""
    busy = Document.objects.select_for_update(no_key=True, skip_locked=True)
    documents = Document.objects.filter(page_id__in=page_ids).values_list("pk", "page_id")
    locked = set(busy.filter(page_id__in=page_ids).values_list("pk", flat=True))
    held = {page_id for pk, page_id in documents if pk not in locked}
    rows = Page.objects.select_for_update(no_key=True, skip_locked=True)
    return _keep(rows.filter(pk__in={*page_ids} - held))


def _keep(rows: models.QuerySet[Page]) -> tuple[set[int], Unprepared]:
    began = timezone.now()
    pages = [page.pk for page in rows]
    Outdated.objects.filter(page_id__in=pages).delete()
    specific = list(Page.objects.filter(pk__in=pages).specific())
    known: dict[int, dict[str, Document]] = {pk: {} for pk in pages}
    found = Document.objects.filter(page_id__in=pages)
    for document in found.prefetch_related("sources", "relations"):
        known[document.page_id][document.type] = document
    shared = Shared(specific)
    unprepared: Unprepared = {}
    changed: list[Document] = []
    for page in specific:
        for compiled in compile_page(page, shared):
            before = known[page.pk].pop(compiled.type, None)
            document, is_another = write(page, before, compiled, began=began)
            changed += [document] if is_another else []
            if compiled.unprepared:
                unprepared.setdefault(page.pk, set()).update(compiled.unprepared)
    changes.note(changed)
    forget(document for left in known.values() for document in left.values())
    return {*pages}, unprepared


def write(
    page: Any, known: Document | None, compiled: Compiled, *, began: datetime
) -> tuple[Document, bool]:
    """The document as it is now, and whether readers see another one than before. `began`: before
    anything was read, so what is published from then on is newer than the document."""
    now = timezone.now()
    changed = known is None or (known.etag, known.path) != (compiled.etag, compiled.path)
    path_before = known.path if known else compiled.path
    before = ways_of(known) if known else set()
    document = known or Document(page_id=page.pk, type=compiled.type)
    values = {
        "revision_id": page.live_revision_id,
        "key": compiled.key,
        "locale": compiled.locale,
        "path": compiled.path,
        "title": compiled.title,
        "body": compiled.body,
        "card": compiled.card,
        "etag": compiled.etag,
        "changed_at": now if changed or known is None else known.changed_at,
        "compiled_at": began,
        "valid_until": compiled.valid_until,
        "first_published_at": page.first_published_at,
        "last_published_at": page.last_published_at,
        "last_reviewed": getattr(page, "last_reviewed", None),
        "facets": compiled.facets,
        "names": compiled.names,
        "words": compiled.words,
    }
    for name, value in values.items():
        setattr(document, name, value)
    document.save(force_insert=known is None, force_update=known is not None)
    write_sources(document, compiled.sources, known=known)
    after = write_relations(document, compiled.relations, known=known)
    if path_before != compiled.path:
        moved(page)
    outdated.mark((way_into(*way) for way in before ^ after), but=page.pk)
    if known is None:
        outdated.mark(appearances([document]), but=page.pk)
    return document, changed


def ways_of(document: Document) -> set[tuple[Any, str]]:
    return {(relation.key, document.locale) for relation in document.relations.all()}


def moved(page: Page) -> None:
    """Where it and all below it stand, at once; the documents follow when asked for."""
    documents = Document.objects.filter(page__path__startswith=page.path)
    below = list(documents.exclude(page_id=page.pk).select_related("page__locale"))
    for document in below:
        reader = Reader(locale=document.locale)
        with override(document.locale):
            document.path = reader.path(document.page)
    Document.objects.bulk_update(below, ["path"])
    changes.note(below)
    outdated.mark_pages((document.page_id for document in below), urgent=True)
    names = [f"page:{document.page_id}" for document in below]
    outdated.mark([*names, f"page:{page.pk}"], urgent=True, but=page.pk)


def write_sources(document: Document, names: Iterable[str], *, known: Document | None) -> None:
    wanted = set(names)
    before = {source.name for source in known.sources.all()} if known else set()
    if gone := before - wanted:
        Source.objects.filter(document=document, name__in=gone).delete()
    Source.objects.bulk_create(
        [Source(document=document, name=name) for name in sorted(wanted - before)]
    )


def write_relations(
    document: Document, relations: dict[str, list[Any]], *, known: Document | None
) -> set[tuple[Any, str]]:
    """Returns what `ways_of` would find from now on."""
    wanted = [
        (name, key, position)
        for name, keys in relations.items()
        for position, key in enumerate(keys)
    ]
    rows = sorted(known.relations.all(), key=lambda row: row.pk) if known else []
    if wanted != [(row.name, row.key, row.position) for row in rows]:
        Relation.objects.filter(document=document).delete()
        Relation.objects.bulk_create(
            [
                Relation(document=document, name=name, key=key, position=position)
                for name, key, position in wanted
            ]
        )
    return {(key, document.locale) for _name, key, _position in wanted}


def forget(documents: Iterable[Document], *, urgent: bool = False) -> None:
    """Serve them to nobody from now on, and have what shows them made again."""
    gone = list(documents)
    if not gone:
        return
    ways = links_of(gone)
    changes.note(gone, removed=True)
    names = [*(way_into(*way) for way in ways), *appearances(gone)]
    names += [f"page:{document.page_id}" for document in gone]
    Document.objects.filter(pk__in=[document.pk for document in gone]).delete()
    outdated.mark(names, urgent=urgent)


def links_of(documents: Iterable[Document]) -> set[tuple[Any, str]]:
    rows = Relation.objects.filter(document__in=list(documents))
    return set(rows.values_list("key", "document__locale"))


def appearances(documents: Iterable[Document]) -> list[str]:
    """What a document changes for others by coming or going."""
    names = []
    for document in documents:
        names += [f"all:{document.type}", f"translations:{document.key}"]
    above = Page.objects.filter(pk__in=[document.page_id for document in documents]).annotate(
        parent_path=models.functions.Left("path", models.functions.Length("path") - Page.steplen)
    )
    parents = Page.objects.filter(path__in=above.values("parent_path"))
    return [*names, *(f"children:{pk}" for pk in parents.values_list("pk", flat=True))]
