from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.models import Locale, PageViewRestriction

from cms import search, words
from cms.models import DiagnosisPage
from cms.sample import Loaded
from tests.cms import clinic


@pytest.fixture
def loaded(kept: Loaded) -> Loaded:
    return kept


def found(text: str, **limits: Any) -> list[search.Hit]:
    return search.find(text, locale=Locale.get_default(), **limits)


def titles(text: str) -> list[str]:
    return [hit.title for hit in found(text)]


def test_a_word_finds_what_has_it_in_the_title_before_what_has_it_in_the_text(
    loaded: Loaded,
) -> None:
    assert titles("hip")[:2] == ["Hip", "Sore hip"]


def test_the_beginning_of_a_word_or_another_name_is_enough(loaded: Loaded) -> None:
    assert titles("sor") == ["Sore hip"]
    assert titles("hip ache") == ["Sore hip"]


def test_a_typo_finds_what_was_meant(loaded: Loaded) -> None:
    clinic.clinician(loaded, "Ellison")

    assert titles("elisson") == ["Ellison"]
    assert titles("hello elisson") == ["Ellison"]


def test_what_is_published_later_is_known_by_its_words_at_once(loaded: Loaded) -> None:
    assert titles("elisson") == []

    clinic.clinician(loaded, "Ellison")

    assert titles("elisson") == ["Ellison"]


def test_where_no_page_has_all_words_any_will_do(loaded: Loaded) -> None:
    assert "Sore hip" in titles("sore xylophone")


def test_nothing_is_found_for_what_says_nothing(loaded: Loaded) -> None:
    for text in ("", "  ", "the of", "'':* | (", "!&|<->", "xylophone"):
        assert titles(text) == [], text


def test_signs_of_a_query_language_are_harmless(loaded: Loaded) -> None:
    for text in ("hip\x00", "hip' OR 1=1 --", "hip:*", "hip & (", "\\hip", "hip%"):
        assert "Hip" in titles(text), text


def test_a_text_that_nobody_types_is_refused() -> None:
    with pytest.raises(words.TooLong):
        search.find("x" * 10_000, locale=Locale(language_code="en-us"))


def test_only_live_pages_that_anybody_may_read_are_found(loaded: Loaded) -> None:
    loaded.exercises["move-2"].unpublish()
    PageViewRestriction.objects.create(page=loaded.exercises["move-1"], restriction_type="login")

    assert titles("move") == []


def test_a_language_finds_its_own_pages(loaded: Loaded) -> None:
    spanish = Locale.objects.create(language_code="es")

    assert search.find("hip", locale=spanish) == []
    assert found("hip")


def test_a_hit_tells_what_it_is(loaded: Loaded) -> None:
    (hit,) = found("sore", kinds=["diagnosispage"])

    assert (hit.kind, hit.title, hit.summary) == ("diagnosispage", "Sore hip", "A hip that aches.")
    assert hit.page.pk == loaded.diagnoses["sore-hip"].pk
    assert hit.score > 0


def test_hits_are_grouped_and_the_group_with_the_best_hit_comes_first(loaded: Loaded) -> None:
    groups = search.grouped(found("hip"))

    assert [(kind, [hit.title for hit in hits]) for kind, hits in groups] == [
        ("regionpage", ["Hip"]),
        ("diagnosispage", ["Sore hip"]),
    ]


def test_more_pages_cost_no_more_queries(loaded: Loaded) -> None:
    def queries(text: str) -> int:
        found(text)
        with CaptureQueriesContext(connection) as captured:
            found(text)
        return len(captured)

    few = queries("hip"), queries("hipp xylophon")
    for number in range(10):
        loaded.diagnoses["sore-hip"].copy(
            update_attrs={"slug": f"hip-{number}", "title": f"Hip {number}", "live": True}
        )

    many = queries("hip"), queries("hipp xylophon")

    assert DiagnosisPage.objects.count() == 11
    assert few == many
    assert max(many) <= 7
