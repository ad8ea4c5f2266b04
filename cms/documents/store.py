"""Keeps documents, with what they were made from, and notes what became of them."""

from collections.abc import Iterable
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import override
from wagtail.models import Page

from cms.documents import changes, outdated
from cms.documents.compiling import Compiled, compile_page
from cms.documents.reader import Reader, way_into
from cms.models import Document, Outdated, Relation, Source


@transaction.atomic
def keep(page_id: int) -> set[int]:
    """Compile a page and keep its documents; without any, forget those there were.

    The page's row is locked, so that nobody unpublishes it meanwhile. What is marked as outdated
    while we compile stays marked. Returns the pictures that are not prepared yet.
    """
    page = Page.objects.select_for_update(no_key=True).filter(pk=page_id).first()
    if page is None:
        return set()
    Outdated.objects.filter(page_id=page_id).delete()
    specific = page.specific
    known = {document.type: document for document in Document.objects.filter(page_id=page_id)}
    compiled = compile_page(specific)
    for one in compiled:
        write(specific, known.pop(one.type, None), one)
    forget(known.values())
    return {picture for one in compiled for picture in one.unprepared}


def write(page: Any, known: Document | None, compiled: Compiled) -> None:
    now = timezone.now()
    changed = known is None or (known.etag, known.path) != (compiled.etag, compiled.path)
    before = links_of([known]) if known else set()
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
        "compiled_at": now,
        "valid_until": compiled.valid_until,
        "first_published_at": page.first_published_at,
        "last_published_at": page.last_published_at,
        "last_reviewed": getattr(page, "last_reviewed", None),
        "facets": compiled.facets,
        "names": compiled.names,
        "words": compiled.words,
    }
    document, _created = Document.objects.update_or_create(
        page_id=page.pk, type=compiled.type, defaults=values
    )
    write_sources(document, compiled.sources)
    write_relations(document, compiled.relations)
    if changed:
        changes.note([document])
    if known is not None and known.path != compiled.path:
        moved(page)
    after = links_of([document])
    outdated.mark((way_into(*way) for way in before ^ after), but=page.pk)
    if known is None:
        outdated.mark(appearances([document]), but=page.pk)


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


def write_sources(document: Document, names: Iterable[str]) -> None:
    wanted = set(names)
    known = set(document.sources.values_list("name", flat=True))
    document.sources.filter(name__in=known - wanted).delete()
    Source.objects.bulk_create(
        [Source(document=document, name=name) for name in sorted(wanted - known)]
    )


def write_relations(document: Document, relations: dict[str, list[Any]]) -> None:
    wanted = [
        (name, key, position)
        for name, keys in relations.items()
        for position, key in enumerate(keys)
    ]
    if wanted == [*document.relations.order_by("pk").values_list("name", "key", "position")]:
        return
    document.relations.all().delete()
    Relation.objects.bulk_create(
        [
            Relation(document=document, name=name, key=key, position=position)
            for name, key, position in wanted
        ]
    )


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
