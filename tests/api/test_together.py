"""Many pages compiled in one transaction are what each would be alone, for less."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import DjangoAssertNumQueries
from wagtail.models import Page

from cms import sample
from cms.documents import store, working
from cms.documents.compiling import Compiled, compile_page
from cms.documents.shared import Shared
from cms.models import Document, Outdated
from cms.sample import Loaded
from tests.cms import samples

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


# ------------------------------------------------------------------ beside others


@pytest.fixture
def held(committed: None, tmp_path: Path) -> Iterator[tuple[Loaded, BaseDatabaseWrapper]]:
    """Content that another connection sees, and that connection, in a transaction."""
    files = samples.write(tmp_path, content=samples.pages(2), moves=samples.exercises(2))
    loaded = sample.load(files)
    working.repair()
    other = connection.copy()
    other.set_autocommit(False)
    yield loaded, other
    other.rollback()
    other.close()


@pytest.mark.parametrize("table", ["wagtailcore_page", "cms_document"])
def test_a_page_that_somebody_holds_is_left_out_and_not_waited_for(
    held: tuple[Loaded, BaseDatabaseWrapper], table: str
) -> None:
    loaded, other = held
    one, two = (page.pk for page in loaded.exercises.values())
    column = "id" if table == "wagtailcore_page" else "page_id"
    with other.cursor() as cursor:
        cursor.execute(f"SELECT FROM {table} WHERE {column} = %s FOR UPDATE", [one])

    kept, _unprepared = store.keep_free([one, two])

    assert kept == {two}


def test_what_is_marked_while_it_is_compiled_stays_marked(
    held: tuple[Loaded, BaseDatabaseWrapper], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded, other = held
    pages = [page.pk for page in loaded.exercises.values()]
    Outdated.objects.bulk_create([Outdated(page_id=pk) for pk in pages])
    whole = compile_page

    def meanwhile(page: Page, shared: Shared) -> list[Compiled]:
        with other.cursor() as cursor:
            cursor.execute(
                "INSERT INTO cms_outdated (page_id, urgent, at) VALUES (%s, false, now())",
                [page.pk],
            )
        other.commit()
        return whole(page, shared)

    monkeypatch.setattr(store, "compile_page", meanwhile)
    store.keep_free(pages)

    assert sorted(Outdated.objects.values_list("page_id", flat=True)) == sorted(pages)
