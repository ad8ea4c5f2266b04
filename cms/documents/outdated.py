"""What has to be compiled again: found by the sources that each document wrote down."""

from collections.abc import Iterable

from django.db import transaction

from cms.models import Document, Outdated


def mark(names: Iterable[str], *, urgent: bool = False, but: int | None = None) -> None:
    """Have every document made again that looked at one of these, except those of one page.

    Once now, in the transaction of the change, and once more after it: a document that is being
    compiled meanwhile may read what was there before, and we cannot see yet that it does.
    """
    wanted = sorted(set(names))
    if not wanted:
        return
    mark_pages(pages_that_read(wanted, but=but), urgent=urgent)

    def once_more() -> None:
        with transaction.atomic():
            pages = pages_that_read(wanted, but=but)
            mark_pages(pages - still_marked(pages, urgent=urgent), urgent=urgent)

    transaction.on_commit(once_more, robust=True)


def mark_pages(pages: Iterable[int], *, urgent: bool = False) -> None:
    """Rows are only added: whoever compiles takes away those that it saw before it read."""
    Outdated.objects.bulk_create(
        [Outdated(page_id=page, urgent=urgent) for page in sorted(set(pages))]
    )


def pages_that_read(names: list[str], *, but: int | None = None) -> set[int]:
    documents = Document.objects.filter(sources__name__in=names)
    if but is not None:
        documents = documents.exclude(page_id=but)
    return set(documents.values_list("page_id", flat=True))


def still_marked(pages: set[int], *, urgent: bool) -> set[int]:
    """Marked by rows that nobody is about to take away, so they will be compiled from now on."""
    rows = Outdated.objects.filter(page_id__in=pages, urgent__in={True, urgent})
    locked = rows.select_for_update(skip_locked=True, no_key=True)
    return set(locked.values_list("page_id", flat=True))
