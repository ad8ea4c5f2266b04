"""Follows what happens to pages, pictures, sources and their privacy, whoever does it.

What readers must not see any more is gone in the same transaction. What merely shows something
else is marked there, and made again in the background.
"""

import logging
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save, pre_delete
from wagtail.models import (
    Collection,
    CollectionViewRestriction,
    Locale,
    Page,
    PageViewRestriction,
    Site,
)
from wagtail.signals import page_published, page_unpublished, post_page_move

from cms import tasks
from cms.documents import faults, installation, outdated, store
from cms.documents.pages import DOCUMENTS
from cms.models import Citation, Document, FrontEnd, Outdated, Picture, front_end

log = logging.getLogger(__name__)


def ring() -> None:
    transaction.on_commit(partial(tasks.ring, tasks.compile_content), robust=True)


@transaction.atomic
def published(instance: Page, **_kwargs: Any) -> None:
    """A fault of ours must not keep a correction from going out: then nobody gets the document."""
    try:
        with transaction.atomic():
            unprepared = store.keep(instance.pk)
    except Exception as error:  # noqa: BLE001 - any fault, and told without the page's words
        log.error("page %s cannot be compiled: %s", instance.pk, faults.told(error))  # noqa: TRY400
        outdated.mark_pages([instance.pk], urgent=True)
    else:
        outdated.mark_pages([instance.pk] if unprepared else [])
    outdated.mark([f"page:{instance.pk}"], but=instance.pk)
    ring()


@transaction.atomic
def hidden(instance: Page, **_kwargs: Any) -> None:
    store.forget(Document.objects.filter(page_id=instance.pk), urgent=True)
    ring()


def deleted(instance: Page, **_kwargs: Any) -> None:
    """What was marked while its tree or its restriction went would outlive the page."""
    Outdated.objects.filter(page_id=instance.pk).delete()


@transaction.atomic
def moved(
    instance: Page, parent_page_before: Page, parent_page_after: Page, **_kwargs: Any
) -> None:
    page = Page.objects.get(pk=instance.pk)
    parents = {parent_page_before.pk, parent_page_after.pk}
    outdated.mark((f"children:{pk}" for pk in parents), urgent=len(parents) > 1)
    if len(parents) > 1:
        store.moved(page)
        below = Page.objects.filter(path__startswith=page.path, live=True)
        outdated.mark_pages(below.values_list("pk", flat=True), urgent=True)
    ring()


def subtree(restriction: PageViewRestriction) -> Any:
    return Page.objects.filter(path__startswith=restriction.page.path)


@transaction.atomic
def closed(instance: PageViewRestriction, **_kwargs: Any) -> None:
    store.forget(Document.objects.filter(page__in=subtree(instance)), urgent=True)
    ring()


@transaction.atomic
def opened(instance: PageViewRestriction, **_kwargs: Any) -> None:
    pages = [*subtree(instance).live().values_list("pk", flat=True)]
    outdated.mark_pages(pages)
    outdated.mark(f"page:{pk}" for pk in pages)
    ring()


@transaction.atomic
def picture_changed(instance: Picture, *, created: bool = False, **_kwargs: Any) -> None:
    if not created:
        restrictions = instance.collection.get_view_restrictions()
        outdated.mark([f"picture:{instance.pk}"], urgent=restrictions.exists())
        ring()


@transaction.atomic
def picture_deleted(instance: Picture, **_kwargs: Any) -> None:
    outdated.mark([f"picture:{instance.pk}"], urgent=True)
    ring()


@transaction.atomic
def collection_changed(instance: Any, **_kwargs: Any) -> None:
    """A collection, or who may see it."""
    collection = getattr(instance, "collection", instance)
    pictures = Picture.objects.filter(collection__path__startswith=collection.path)
    outdated.mark((f"picture:{pk}" for pk in pictures.values_list("pk", flat=True)), urgent=True)
    ring()


@transaction.atomic
def citation_changed(instance: Citation, **_kwargs: Any) -> None:
    outdated.mark([f"citation:{instance.pk}"])
    ring()


@transaction.atomic
def site_changed(**_kwargs: Any) -> None:
    """Where everything stands."""
    outdated.mark_pages(Document.objects.values_list("page_id", flat=True), urgent=True)
    outdated.mark_pages(Page.objects.live().type(*DOCUMENTS).values_list("pk", flat=True))
    ring()


@transaction.atomic
def front_end_changed(**_kwargs: Any) -> None:
    front_end.forget()
    outdated.mark_pages(installation.behind())
    ring()


@transaction.atomic
def locale_changed(instance: Locale, *, created: bool = False, **_kwargs: Any) -> None:
    """A language that goes by another name: its documents say so, and so do their translations."""
    if not created:
        pages = list(Page.objects.filter(locale=instance).values_list("pk", flat=True))
        outdated.mark_pages(pages, urgent=True)
        outdated.mark(f"page:{pk}" for pk in pages)
        ring()


def connect() -> None:
    page_published.connect(published, dispatch_uid="compile what was published")
    page_unpublished.connect(hidden, dispatch_uid="serve no page that was unpublished")
    pre_delete.connect(hidden, sender=Page, dispatch_uid="serve no page that is deleted")
    post_delete.connect(deleted, sender=Page, dispatch_uid="compile no page that is deleted")
    post_page_move.connect(moved, dispatch_uid="serve pages where they stand")
    models: list[tuple[Any, Any, Any]] = [
        (post_save, PageViewRestriction, closed),
        (post_delete, PageViewRestriction, opened),
        (post_save, CollectionViewRestriction, collection_changed),
        (post_delete, CollectionViewRestriction, collection_changed),
        (post_save, Collection, collection_changed),
        (post_save, Picture, picture_changed),
        (pre_delete, Picture, picture_deleted),
        (post_save, Site, site_changed),
        (post_delete, Site, site_changed),
        (post_save, FrontEnd, front_end_changed),
        (post_delete, FrontEnd, front_end_changed),
        (post_save, Locale, locale_changed),
        (post_save, Citation, citation_changed),
        (pre_delete, Citation, citation_changed),
    ]
    for signal, sender, receiver in models:
        signal.connect(receiver, sender=sender, dispatch_uid=f"{receiver.__name__} {sender}")
