from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from wagtail.images.tests.utils import get_test_image_file

from cms import sample, sites
from cms.models import ExercisePage, Picture, RegionPage, exercise_index
from cms.sample import Loaded
from tests.cms import samples

HOME, INDEX, EXERCISE = "/", "/exercises/", "/exercises/move-1/"
REGION, DIAGNOSIS, ARTICLE = "/hip/", "/hip/sore-hip/", "/hip/run-again/"
PAGES = [HOME, INDEX, EXERCISE, REGION, DIAGNOSIS, ARTICLE]
MOST_QUERIES = 25
MOST_NAMED = 12  # diagnoses in a part of an article
HEALTH_PAGES = [EXERCISE, REGION, DIAGNOSIS, ARTICLE]


@pytest.fixture
def loaded(kept: Loaded) -> Loaded:
    return kept


def soup(client: Client, path: str, *, status: int = 200) -> BeautifulSoup:
    response = client.get(path)
    assert response.status_code == status
    return BeautifulSoup(response.content, "html.parser")


def one(page: BeautifulSoup, selector: str) -> Tag:
    """The only element of its kind; a page has one title, one main part, one way in."""
    found = page.select(selector)
    assert len(found) == 1, f"{selector}: {len(found)} times"
    return found[0]


# Loading takes longer than looking, so each of these looks at all pages at once.


def test_a_page_has_one_of_each_landmark(loaded: Loaded, client: Client) -> None:
    for page in (*(soup(client, path) for path in PAGES), soup(client, "/nowhere/", status=404)):
        assert one(page, "html")["lang"] == "en-us"
        for landmark in ("body > header", "nav[aria-label=Main]", "main#main", "body > footer"):
            one(page, landmark)
        one(page, "h1")
        assert one(page, "a.skip")["href"] == "#main"


def test_headings_skip_no_level(loaded: Loaded, client: Client) -> None:
    for path in PAGES:
        levels = [int(tag.name[1]) for tag in soup(client, path).select("h1, h2, h3, h4, h5")]

        assert levels[0] == 1, path
        assert all(after - before <= 1 for before, after in pairwise(levels)), path


def test_every_picture_has_an_alternative_text_and_a_size(loaded: Loaded, client: Client) -> None:
    images = [image for path in PAGES for image in soup(client, path).select("img")]

    assert images
    for image in images:
        assert image.has_attr("alt")
        assert (image["width"], image["height"]) == ("480", "320")


def test_a_page_needs_no_script_or_style_inside_it(loaded: Loaded, client: Client) -> None:
    inside = "style, [style], script:not([src], [type='application/ld+json'])"

    for path in PAGES:
        assert not soup(client, path).select(inside), path


def test_a_page_tells_search_engines_what_it_is(loaded: Loaded, client: Client) -> None:
    for path in PAGES:
        page = soup(client, path)

        assert one(page, "link[rel=canonical]")["href"] == f"http://localhost:8000{path}"
        assert one(page, "meta[property='og:title']")["content"]
        assert one(page, "meta[property='og:type']")["content"]
        assert "{" not in one(page, "title").get_text()


def test_a_health_page_says_that_nobody_reviewed_it(loaded: Loaded, client: Client) -> None:
    for path in HEALTH_PAGES:
        page = soup(client, path)

        assert one(page, ".notice").get_text() == "Only a sample."
        assert one(page, ".reviewed").get_text(strip=True) == "Not yet reviewed by a clinician"


def test_a_reviewed_page_names_both_dates(loaded: Loaded, client: Client) -> None:
    page = loaded.diagnoses["sore-hip"]
    page.last_reviewed, page.next_review_due = date(2026, 3, 1), date(2099, 3, 1)
    page.approved_fingerprint = page.live_fingerprint
    page.save()

    words = one(soup(client, DIAGNOSIS), ".reviewed").get_text()

    assert "March 1, 2026" in words
    assert "March 1, 2099" in words


def test_the_most_urgent_warning_signs_come_first(loaded: Loaded, client: Client) -> None:
    signs = [tag.get_text() for tag in soup(client, DIAGNOSIS).select(".flag-action")]

    assert signs == ["Call emergency services now", "Mention it at your next visit"]


def test_the_sections_open_without_script(loaded: Loaded, client: Client) -> None:
    sections = soup(client, DIAGNOSIS).select("details")

    assert [section.has_attr("open") for section in sections] == [True, False]


def test_a_card_shows_why_the_exercise_fits_and_how_much_of_it(
    loaded: Loaded, client: Client
) -> None:
    card = soup(client, DIAGNOSIS).select(".exercise-card")[0].get_text()

    assert "Reason 1." in card
    assert "2 to 3 sets of 8 to 12, 3 days a week" in card


def test_an_exercise_page_leads_to_the_harder_one(loaded: Loaded, client: Client) -> None:
    rung = one(soup(client, EXERCISE), ".rung")

    assert [link["href"] for link in rung.select("a")] == ["/exercises/move-2/"]
    assert "Harder" in rung.get_text()


def test_an_unpublished_exercise_shows_nowhere(loaded: Loaded, client: Client) -> None:
    loaded.exercises["move-2"].unpublish()

    for path in (INDEX, DIAGNOSIS, ARTICLE, EXERCISE):
        assert "Move 2" not in soup(client, path).get_text(), path


# Wagtail leaves the temporary file of a new rendition to the garbage collector.
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
def test_a_photo_is_shown_no_wider_than_needed(loaded: Loaded, client: Client) -> None:
    photo = Picture.objects.create(
        title="Photo", description="A photo", file=get_test_image_file(size=(1600, 1200))
    )
    ExercisePage.objects.filter(slug="move-1").update(drawing=photo)

    image = one(soup(client, EXERCISE), ".exercise-drawing img")

    assert (image["width"], image["height"], image["alt"]) == ("960", "720", "A photo")


def test_the_index_filters_by_what_people_choose(loaded: Loaded, client: Client) -> None:
    ExercisePage.objects.filter(slug="move-2").update(level="advanced")
    expected = {
        "": ["Move 1", "Move 2"],
        "?level=beginner": ["Move 1"],
        "?level=beginner&kind=balance": [],
        "?level=heroic": ["Move 1", "Move 2"],
        "?level=&kind=strength": ["Move 1", "Move 2"],
    }

    found = {
        query: [card.get_text() for card in soup(client, INDEX + query).select(".card-title")]
        for query in expected
    }

    assert found == expected


def test_twenty_of_a_kind_cost_as_many_queries_as_one(
    db: None, client: Client, folder: Path
) -> None:
    def queries(number: int) -> dict[str, int]:
        content, moves = samples.pages(number), samples.exercises(max(number, 2))
        content["diagnoses"] += [
            samples.diagnosis(0, slug=f"hip-{n}", title=f"Hip {n}")
            for n in range(1, min(number, MOST_NAMED))
        ]
        named = [diagnosis["slug"] for diagnosis in content["diagnoses"]]
        content["article"]["body"][1]["diagnoses"] = named
        sample.load(samples.write(folder, content=content, moves=moves))
        return {path: queries_of(client, path) for path in PAGES}

    one, twenty = queries(1), queries(20)

    assert len(soup(client, DIAGNOSIS).select(".exercise-card")) == 20
    assert len(soup(client, REGION).select(".text-card")) == MOST_NAMED + 1
    assert one == twenty
    assert max(twenty.values()) <= MOST_QUERIES


def queries_of(client: Client, path: str) -> int:
    """On the second visit: the first may fill caches."""
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    return len(captured)


def test_a_long_list_comes_in_pages_that_keep_what_was_chosen(
    loaded: Loaded, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exercise_index, "ON_ONE_PAGE", 1)

    first, last = soup(client, INDEX + "?kind=strength"), soup(client, INDEX + "?page=999")

    assert one(first, ".count").get_text() == "2 exercises"
    assert len(first.select(".exercise-card")) == 1
    assert one(first, ".pages a")["href"] == "?page=2&kind=strength"
    assert one(last, ".pages a")["rel"] == ["prev"]
    assert "Page 2 of 2" in one(last, ".pages").get_text()


def test_a_region_shows_the_parts_of_it(loaded: Loaded, client: Client) -> None:
    region = RegionPage.objects.get(slug="hip")
    region.add_child(instance=RegionPage(title="Socket", slug="socket", summary="The cup."))

    page = soup(client, REGION)

    assert "/hip/socket/" in [link["href"] for link in page.select(".text-card a")]


def test_behind_a_proxy_every_address_is_that_of_the_site(
    loaded: Loaded, client: Client, settings: Settings
) -> None:
    settings.SITE_URL = "https://care.example.org"
    sites.follow_settings()

    for path in PAGES:
        page = soup(client, path)
        told = [
            one(page, "link[rel=canonical]")["href"],
            one(page, "meta[property='og:url']")["content"],
            one(page, "meta[property='og:image']")["content"],
        ]
        data = one(page, "script[type='application/ld+json']").get_text()

        assert all(str(each).startswith("https://care.example.org/") for each in told), path
        assert "localhost" not in data
    assert b"localhost" not in client.get("/sitemap.xml").content
    assert b"localhost" not in client.get("/robots.txt").content


def test_the_error_page_needs_nothing_that_may_be_away() -> None:
    page = BeautifulSoup(render_to_string("500.html"), "html.parser")

    assert one(page, "h1")
    assert not page.select("link, script, img")
