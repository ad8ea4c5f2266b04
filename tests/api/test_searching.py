"""What a search gives beside the pages: the words around what was found, and which they were."""

from urllib.parse import quote

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from cms.sample import Loaded
from tests.api.reading import get


def highlights(client: Client, asked: str) -> dict[str, str]:
    items = get(client, f"search/?q={quote(asked)}")["items"]
    return {item["page"]["title"]: item["highlight"] for item in items}


def say(loaded: Loaded, words: str) -> None:
    """The article says this from now on."""
    loaded.article.body = [("text", {"heading": "", "body": f"<p>{words}</p>"})]
    loaded.article.save_revision().publish()


def test_the_words_that_were_found_are_marked(compiled: Loaded, client: Client) -> None:
    assert "<mark>strong</mark>" in highlights(client, "strong")["Move 1"]


def test_so_are_those_that_were_meant(compiled: Loaded, client: Client) -> None:
    assert "<mark>strong</mark>" in highlights(client, "stronng")["Move 1"]


def test_no_date_stands_between_the_words(compiled: Loaded, client: Client) -> None:
    found = highlights(client, "move")

    assert found
    assert not any("T0" in said or "20" in said for said in found.values())


def test_words_deep_in_a_long_text_are_shown_where_they_stand(
    compiled: Loaded, client: Client
) -> None:
    say(compiled, f"{'So it goes on. ' * 400} A xylophone.")

    said = highlights(client, "xylophones")["Run again"]

    assert "<mark>xylophone</mark>" in said
    assert len(said) < 400


def test_a_word_inside_another_is_not_taken_for_it(compiled: Loaded, client: Client) -> None:
    say(compiled, f"A xyship. {'Sail on. ' * 300} My hippo.")

    assert "<mark>hippo</mark>" in highlights(client, "hippo")["Run again"]


@pytest.mark.parametrize("typed", ["a<b>move", "move & <script>"])
def test_what_is_typed_comes_back_as_text(compiled: Loaded, client: Client, typed: str) -> None:
    for said in highlights(client, typed).values():
        assert "<" not in said.replace("<mark>", "").replace("</mark>", "")


def test_a_search_costs_a_few_queries(
    compiled: Loaded, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(6):
        highlights(client, "move")
