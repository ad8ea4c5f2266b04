"""What a page shows of others: nothing that is behind a login, a group or a password."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from wagtail.models import Page, PageViewRestriction

from cms import sample
from cms.models import DiagnosisRelated, ExercisePage, ExerciseRegion, RegionPage
from cms.sample import Loaded
from tests.cms import clinic, samples

HOME, INDEX, EXERCISE = "/", "/exercises/", "/exercises/move-1/"
REGION, DIAGNOSIS, ARTICLE = "/hip/", "/hip/sore-hip/", "/hip/run-again/"
SEARCHES = ["/search/?q=secret", "/search/?q=sore", "/search/?q=run"]
MACHINES = ["/sitemap.xml", "/feeds/articles.atom", "/feeds/changes.atom"]
EVERYWHERE = [HOME, INDEX, EXERCISE, REGION, DIAGNOSIS, ARTICLE, *SEARCHES, *MACHINES]


@pytest.fixture
def loaded(kept: Loaded) -> Loaded:
    return kept


def close(page: Any, kind: str = "login") -> None:
    PageViewRestriction.objects.create(page=page, restriction_type=kind)


def renamed(page: Any, title: str) -> Any:
    """A live page with a title that stands nowhere else, as the search knows it too."""
    draft = page.get_latest_revision_as_object()
    draft.title = title
    draft.save_revision().publish()
    return type(page).objects.get(pk=page.pk)


def saying(client: Client, words: str, paths: list[str]) -> list[str]:
    """The addresses at which visitors and machines read these words."""
    found = []
    for path in paths:
        response = client.get(path)
        # What is closed itself asks for a login or a password.
        assert response.status_code in {200, 302}, path
        if words in response.content.decode():
            found.append(path)
    return found


def test_a_private_exercise_is_named_on_no_public_page(loaded: Loaded, client: Client) -> None:
    page = renamed(loaded.exercises["move-2"], "Secret squat")
    pages = [INDEX, EXERCISE, DIAGNOSIS, ARTICLE, "/search/?q=secret"]
    assert saying(client, "Secret squat", pages) == pages

    close(page)

    assert saying(client, "Secret squat", EVERYWHERE) == []
    assert saying(client, "/exercises/move-2/", EVERYWHERE) == []


@pytest.mark.parametrize("kind", ["login", "groups", "password"])
def test_what_stands_below_a_private_page_is_private_too(
    loaded: Loaded, client: Client, kind: str
) -> None:
    """The restriction of the list of exercises closes each of them."""
    index = Page.objects.get(slug="exercises")
    open_pages = [page for page in EVERYWHERE if page not in (INDEX, EXERCISE)]
    assert saying(client, "/exercises/move-1/", open_pages)

    close(index, kind)

    assert saying(client, "/exercises/move-1/", open_pages) == []
    assert saying(client, "Move 1", open_pages) == []


def test_a_private_diagnosis_is_named_in_no_list_article_or_data(
    loaded: Loaded, client: Client
) -> None:
    assert set(saying(client, DIAGNOSIS, EVERYWHERE)) >= {REGION, ARTICLE, "/sitemap.xml"}

    close(loaded.diagnoses["sore-hip"])

    others = [path for path in EVERYWHERE if path not in (DIAGNOSIS, "/search/?q=sore")]
    assert saying(client, "Sore hip", others) == []
    assert saying(client, DIAGNOSIS, others) == []
    assert saying(client, "hip/sore-hip", ["/search/?q=sore"]) == []


def test_a_private_article_and_a_private_region_are_listed_nowhere(
    loaded: Loaded, client: Client
) -> None:
    region = RegionPage.objects.get(slug="hip")
    region.add_child(instance=RegionPage(title="Socket", slug="socket", summary="The cup."))
    close(RegionPage.objects.get(slug="socket"))
    close(loaded.articles["run-again"])

    assert saying(client, "Socket", EVERYWHERE) == []
    assert saying(client, "/hip/run-again/", [p for p in EVERYWHERE if p != ARTICLE]) == []


def test_a_private_region_of_an_exercise_and_a_private_related_page_are_left_out(
    loaded: Loaded, client: Client
) -> None:
    home = loaded.home
    knee = home.add_child(instance=RegionPage(title="Knee", slug="knee", summary="A hinge."))
    ExerciseRegion.objects.create(page=loaded.exercises["move-1"], region=knee)
    DiagnosisRelated.objects.create(page=loaded.diagnoses["sore-hip"], target=knee)
    assert saying(client, "/knee/", [EXERCISE, DIAGNOSIS]) == [EXERCISE, DIAGNOSIS]

    close(knee)

    assert saying(client, "A hinge.", EVERYWHERE) == []
    assert saying(client, "/knee/", EVERYWHERE) == []


def test_a_private_person_keeps_the_name_and_loses_the_link(loaded: Loaded, client: Client) -> None:
    mara = clinic.user("mara")
    person = clinic.clinician(loaded, "Mara", account=mara)
    diagnosis = loaded.diagnoses["sore-hip"]
    clinic.publish(diagnosis, author=person)
    clinic.approve(diagnosis, by=mara)
    address = person.get_url()
    assert saying(client, address, [DIAGNOSIS]) == [DIAGNOSIS]

    close(person)

    html = client.get(DIAGNOSIS).content.decode()
    assert address not in html
    assert "Written by" not in html
    assert "Mara, DPT" in html  # who reviewed it is said, as the approval has it


def test_a_link_in_a_text_to_a_private_page_becomes_its_words(
    loaded: Loaded, client: Client
) -> None:
    target = loaded.exercises["move-1"]
    region = RegionPage.objects.get(slug="hip")
    link = f'<p>Try <a linktype="page" id="{target.pk}">this one</a>.</p>'
    clinic.publish(region, body=link)
    assert saying(client, f'<a href="{EXERCISE}">this one</a>', [REGION]) == [REGION]

    close(target)

    assert saying(client, EXERCISE, [REGION]) == []
    assert saying(client, "Try <a>this one</a>.", [REGION]) == [REGION]


def test_privacy_costs_one_query_whatever_is_closed(
    db: None, tmp_path: Path, client: Client
) -> None:
    folder = samples.write(tmp_path / "c", content=samples.pages(9), moves=samples.exercises(9))
    content = sample.load(folder)

    def queries() -> dict[str, int]:
        counts = {}
        for path in (DIAGNOSIS, ARTICLE, EXERCISE):
            client.get(path)
            with CaptureQueriesContext(connection) as captured:
                client.get(path)
            counts[path] = len(captured)
        return counts

    before = queries()
    for number in range(4, 10):
        close(ExercisePage.objects.get(slug=f"move-{number}"))
    assert content.diagnoses

    assert queries() == before
