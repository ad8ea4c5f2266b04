from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cms import sample
from cms.admin import catalogue_search
from cms.models import ExercisePage, ExerciseRegion, RegionPage, User
from cms.sample import Loaded
from tests.cms import samples

CATALOGUE, CHOOSER = "/admin/exercises/", "/admin/exercise_chooser/"


@pytest.fixture
def admin(loaded: Loaded, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ada", "ada@example.org"))
    return client


def change(slug: str, **values: Any) -> None:
    page = ExercisePage.objects.get(slug=slug)
    for name, value in values.items():
        setattr(page, name, value)
    page.save_revision().publish()


def titles(client: Client, **asked: Any) -> list[str]:
    """The titles that the catalogue shows, in its order."""
    return [page.title for page in client.get(CATALOGUE, asked).context["object_list"]]


def test_the_catalogue_shows_picture_kind_level_and_how_often_each_is_used(admin: Client) -> None:
    page = BeautifulSoup(admin.get(CATALOGUE).content, "html.parser")

    rows = page.select("table.listing tbody tr")
    assert len(rows) == 2
    assert len(page.select("table.listing tbody img")) == 2
    text = " ".join(rows[1].get_text().split())
    assert "Move 2" in text
    assert "Strength" in text
    assert "Beginner" in text
    # Its diagnosis, the article, and the exercise before it.
    assert "Used 3 times" in text
    assert rows[1].select_one("a[href$='/edit/']") is not None


def test_the_menu_leads_to_it(admin: Client) -> None:
    assert "/admin/exercises/" in admin.get("/admin/").content.decode()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "move 2"}, ["Move 2"]),
        ({"q": "OTHER na"}, ["Move 1", "Move 2"]),
        ({"q": "nothing like it"}, []),
        ({"level": "advanced"}, ["Move 2"]),
        ({"level": ["beginner", "advanced"]}, ["Move 1", "Move 2"]),
        ({"kind": "balance"}, ["Move 1"]),
        ({"equipment": "a chair"}, ["Move 2"]),
        ({"equipment": "a chair", "kind": "balance"}, []),
        ({"ordering": "-title"}, ["Move 2", "Move 1"]),
        ({"ordering": "-level_rank"}, ["Move 2", "Move 1"]),
        ({"ordering": "usage_count", "q": "move"}, ["Move 1", "Move 2"]),
    ],
)
def test_search_filters_and_order_work_alone_and_together(
    admin: Client, asked: dict[str, Any], found: list[str]
) -> None:
    change("move-1", kind="balance")
    change("move-2", level="advanced", equipment=[("line", "a chair"), ("line", "a 'wall' \"x\"")])

    assert titles(admin, **asked) == found


def test_a_region_holds_what_the_diagnoses_below_it_use_and_what_names_it(loaded: Loaded) -> None:
    ExerciseRegion.objects.all().delete()
    hip = RegionPage.objects.get()
    knee, kneecap = (RegionPage(title=t, slug=t, summary="A hinge.") for t in ("knee", "kneecap"))
    loaded.home.add_child(instance=knee)
    knee.add_child(instance=kneecap)
    exercises = ExercisePage.objects.all()
    before = catalogue_search.for_region(exercises, knee).count()
    ExerciseRegion.objects.create(page=loaded.exercises["move-1"], region=kneecap)

    assert before == 0
    assert catalogue_search.for_region(exercises, hip).count() == 2
    assert catalogue_search.for_region(exercises, knee).get().slug == "move-1"


def test_a_draft_is_found_by_its_new_title_at_once(admin: Client) -> None:
    page = ExercisePage.objects.get(slug="move-1")
    page.title = "Renamed"
    page.draft_title = "Renamed"
    page.save_revision()

    assert len(titles(admin, q="renamed")) == 1


def test_it_asks_as_little_for_twenty_exercises_as_for_one(
    db: None, tmp_path: Any, client: Client
) -> None:
    client.force_login(User.objects.create_superuser("ada", "ada@example.org"))
    counts = []
    for number in (1, 20):
        folder = samples.write(
            tmp_path / str(number), content=samples.pages(number), moves=samples.exercises(number)
        )
        sample.load(folder)
        client.get(CATALOGUE)
        with CaptureQueriesContext(connection) as queries:
            client.get(CATALOGUE)
        counts.append(len(queries))

    assert counts[1] <= counts[0] + 2, counts


# ------------------------------------------------------------------ the chooser


def chooser(client: Client, **asked: Any) -> str:
    return str(client.get(f"{CHOOSER}results/", asked).content.decode())


def test_the_chooser_shows_drawing_kind_and_level(admin: Client) -> None:
    page = BeautifulSoup(chooser(admin), "html.parser")

    row = page.select("tbody tr")[0]
    assert row.select_one("img") is not None
    assert "Strength" in row.get_text()
    assert "Beginner" in row.get_text()


def test_the_chooser_finds_titles_and_other_names(admin: Client) -> None:
    change("move-2", other_names=[("line", "Kniebeuge")])

    html = chooser(admin, q="kniebe")

    assert "Move 2" in html
    assert "Move 1" not in html


def test_the_chooser_narrows_by_kind_and_level(admin: Client) -> None:
    change("move-2", level="advanced")

    html = chooser(admin, level="advanced", kind="strength")

    assert "Move 2" in html
    assert "Move 1" not in html


def test_the_chooser_narrows_by_region(admin: Client, loaded: Loaded) -> None:
    knee = loaded.home.add_child(instance=RegionPage(title="Knee", slug="knee", summary="A hinge."))
    ExerciseRegion.objects.create(page=loaded.exercises["move-2"], region=knee)

    html = chooser(admin, region=str(knee.pk))

    assert "Move 2" in html
    assert "Move 1" not in html


def test_choosing_answers_with_title_and_edit_link(admin: Client) -> None:
    page = ExercisePage.objects.get(slug="move-1")

    result = admin.get(f"{CHOOSER}chosen/{page.pk}/").json()["result"]

    assert (result["id"], result["title"]) == (str(page.pk), "Move 1")
    assert result["edit_url"] == f"/admin/pages/{page.pk}/edit/"


# Wagtail leaves the temporary file of a new rendition to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", ["diagnosispage", "exercisepage", "articlepage"])
def test_the_editors_of_pages_open_this_chooser(admin: Client, kind: str, loaded: Loaded) -> None:
    page = apps.get_model("cms", kind).objects.first()

    html = admin.get(f"/admin/pages/{page.pk}/edit/").content.decode()

    assert "/admin/exercise_chooser/" in html


def test_who_may_not_enter_the_admin_sees_neither(loaded: Loaded, client: Client) -> None:
    for path in (CATALOGUE, CHOOSER):
        assert client.get(path).status_code == 302
