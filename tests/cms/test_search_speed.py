"""A search reads the indexes, and ranks no more than somebody could want."""

import pytest
from django.contrib.postgres.search import CombinedSearchVector, SearchQuery
from django.db import connection
from django.db.models import F
from wagtail.models import Locale, Page

from cms import search, stemming
from cms.sample import Loaded


def found(text: str) -> list[str]:
    return [hit.title for hit in search.find(text, locale=Locale.get_default())]


def test_of_what_very_many_pages_have_only_some_are_ranked(
    kept: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        values = {"slug": f"hip-{number}", "title": f"Hip {number}", "live": True}
        kept.diagnoses["sore-hip"].copy(update_attrs=values)
    assert len(found("hip")) == 6
    monkeypatch.setattr(search, "MOST_RANKED", 2)

    some = found("hip")

    assert 2 <= len(some) <= 4
    assert all("ip" in title for title in some)


def test_title_and_text_together_have_an_index(kept: Loaded) -> None:
    entries = Page._meta.get_field("index_entries").related_model.objects
    both = CombinedSearchVector(F("title"), "||", F("body"), config=None)
    query = SearchQuery("'hip':*", config=stemming.AS_IT_IS, search_type="raw")

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = entries.annotate(has=both).filter(has=query).explain()

    assert "search_title_and_text" in plan
