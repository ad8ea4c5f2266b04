"""Many pages compiled in one transaction are what each would be alone, for less."""

from uuid import UUID

from pytest_django import DjangoAssertNumQueries
from wagtail.models import Page

from cms.documents import store, working
from cms.documents.compiling import compile_page
from cms.models import Document, Outdated
from cms.sample import Loaded

QUERIES_A_PAGE = 15


def test_together_is_byte_for_byte_what_each_alone_would_be_for_few_queries(
    whole_sample: Loaded, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    pages = Page.objects.live().order_by("pk")
    alone = {}
    for page in pages.specific():
        alone[page.pk] = [
            (one.body, one.card, one.facets, one.words, one.sources, led_to(one.relations))
            for one in compile_page(page)
        ]
    Outdated.objects.bulk_create([Outdated(page=page) for page in pages])
    with django_assert_max_num_queries(QUERIES_A_PAGE * working.TOGETHER):
        kept, _unprepared = store.keep_free(working.next_pages(set()))
    assert len(kept) == working.TOGETHER
    working.work()

    rows = Document.objects.prefetch_related("sources", "relations").order_by("page_id", "pk")
    together: dict[int, list[object]] = {page.pk: [] for page in pages}
    for row in rows:
        relations: dict[str, list[UUID]] = {}
        for relation in sorted(row.relations.all(), key=lambda each: each.pk):
            relations.setdefault(relation.name, []).append(relation.key)
        sources = frozenset(source.name for source in row.sources.all())
        together[row.page_id].append(
            (row.body, row.card, row.facets, row.words, sources, relations)
        )
    for pk, documents in alone.items():
        assert sorted(documents, key=str) == sorted(together[pk], key=str), pk


def led_to(relations: dict[str, list[UUID]]) -> dict[str, list[UUID]]:
    return {name: keys for name, keys in relations.items() if keys}
