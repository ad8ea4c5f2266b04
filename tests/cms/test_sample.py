import shutil
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from wagtail.models import Page, PageLogEntry, Revision, Site

from cms import sample
from cms.models import DiagnosisPage, ExercisePage, HomePage, Picture
from cms.sample import Loaded, SampleError
from cms.sample.streams import block_id
from tests.cms import samples

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_the_content_that_we_ship_loads_and_a_second_run_changes_nothing(db: None) -> None:
    first = sample.load(EXAMPLES / "si_joint")
    revisions = Revision.objects.count()

    second = sample.load(EXAMPLES / "si_joint")

    assert set(first.counts) == {"created"}
    assert set(second.counts) == {"unchanged"}
    assert Revision.objects.count() == revisions


def test_the_first_run_replaces_the_welcome_page_and_points_the_site_at_home(
    loaded: Loaded,
) -> None:
    site = Site.objects.get()

    assert site.root_page.specific == loaded.home
    assert (site.hostname, site.port) == ("localhost", 8000)
    assert [page.slug for page in Page.get_first_root_node().get_children()] == ["home"]


def test_the_port_follows_the_scheme_when_the_address_names_none(
    db: None, folder: Path, settings: Settings
) -> None:
    settings.SITE_URL = "https://care.example.org"

    sample.load(folder)

    assert (Site.objects.get().hostname, Site.objects.get().port) == ("care.example.org", 443)


def test_every_page_is_live_with_a_revision_and_a_history(loaded: Loaded) -> None:
    for page in loaded.home.get_descendants(inclusive=True):
        assert page.live
        assert not page.has_unpublished_changes
        assert page.live_revision_id == page.latest_revision_id is not None
        assert PageLogEntry.objects.filter(page=page.pk, action="wagtail.publish").exists()


def test_a_second_run_makes_no_second_picture_and_no_second_file(
    loaded: Loaded, folder: Path, settings: Settings
) -> None:
    files = sorted(Path(settings.MEDIA_ROOT).rglob("*.svg"))

    sample.load(folder)

    assert Picture.objects.count() == 2
    assert sorted(Path(settings.MEDIA_ROOT).rglob("*.svg")) == files


def test_a_changed_file_updates_its_own_pages_only(loaded: Loaded, folder: Path) -> None:
    moves = samples.exercises(2)
    moves[0]["steps"] = ["Lie down.", "Lift.", "Rest."]
    samples.write(folder, content=samples.pages(2), moves=moves)

    again = sample.load(folder)

    assert again.counts == {"updated": 1, "unchanged": 6}
    page = ExercisePage.objects.get(slug="move-1")
    assert [step.value["text"] for step in page.steps][-1] == "Rest."
    assert page.revisions.count() == 2


def test_a_changed_link_keeps_its_row(loaded: Loaded, folder: Path) -> None:
    before = loaded.exercises["move-1"].links.get()
    moves = samples.exercises(2)
    moves[0]["links"][0]["criterion"] = "It is very easy."
    samples.write(folder, content=samples.pages(2), moves=moves)

    sample.load(folder)

    after = ExercisePage.objects.get(slug="move-1").links.get()
    assert (after.pk, after.criterion) == (before.pk, "It is very easy.")


def test_a_removed_exercise_leaves_the_diagnosis_and_keeps_its_page(
    loaded: Loaded, folder: Path
) -> None:
    content = samples.pages(2)
    content["diagnoses"][0]["exercises"].pop(0)
    samples.write(folder, content=content, moves=samples.exercises(2))

    sample.load(folder)

    links = DiagnosisPage.objects.get().exercises.all()
    assert [link.exercise.slug for link in links] == ["move-2"]
    assert ExercisePage.objects.filter(slug="move-1", live=True).exists()


def test_a_changed_drawing_replaces_the_file_of_the_same_picture(
    loaded: Loaded, folder: Path
) -> None:
    before = Picture.objects.get(title="Move 1")
    (folder / "drawings" / "drawing.svg").write_text(samples.DRAWING.replace("480", "240"))

    sample.load(folder)

    after = Picture.objects.get(title="Move 1")
    assert after.pk == before.pk
    assert after.width == 240
    assert after.file_hash != before.file_hash


def test_pages_of_an_editor_stay_as_they_are(loaded: Loaded, folder: Path) -> None:
    own = HomePage(title="Another site", slug="another", tagline="Ours")
    Page.get_first_root_node().add_child(instance=own)
    before = Page.objects.get(pk=own.pk).latest_revision_created_at

    sample.load(folder)

    assert Page.objects.get(pk=own.pk).title == "Another site"
    assert Page.objects.get(pk=own.pk).latest_revision_created_at == before


def test_a_page_that_an_editor_unpublished_stays_so(loaded: Loaded, folder: Path) -> None:
    loaded.exercises["move-2"].unpublish()

    sample.load(folder)

    assert not ExercisePage.objects.get(slug="move-2").live


def test_block_ids_are_the_same_everywhere(loaded: Loaded) -> None:
    page = DiagnosisPage.objects.get()

    assert page.sections[0].id == block_id("sore-hip", "sections", 0)


def test_a_dosage_reads_as_in_the_file(loaded: Loaded) -> None:
    page = ExercisePage.objects.get(slug="move-1")

    assert page.default_dosage.sentence() == "2 to 3 sets of 8 to 12, 3 days a week"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": []}, ["exercises.yaml", "no. 2", "steps"]),
        ({"colour": "red"}, ["exercises.yaml", "no. 2", "colour"]),
        ({"slug": "move-1"}, ["exercises.yaml", "slug", "'move-1'"]),
        ({"dosage": {"sets": [3]}}, ["no. 2", "dosage", "sets"]),
        ({"dosage": {"sets": [3, 2]}}, ["move-2", "dosage", "sets_to", "below the lower end"]),
        ({"level": "heroic"}, ["move-2", "level"]),
        ({"summary": "x" * 301}, ["move-2", "summary"]),
        ({"drawing": "none.svg"}, ["move-2", "drawing", "none.svg"]),
        ({"links": [{"to": "x", "kind": "variation", "criterion": "y"}]}, ["move-2", "'x'"]),
        ({"links": [{"to": "move-2", "kind": "variation", "criterion": "y"}]}, ["no other"]),
    ],
)
def test_a_fault_names_its_place_and_leaves_everything_as_it_was(
    db: None, folder: Path, change: dict[str, Any], words: list[str]
) -> None:
    moves = samples.exercises(2)
    moves[1].update(change)
    samples.write(folder, content=samples.pages(2), moves=moves)

    with pytest.raises(SampleError) as caught:
        sample.load(folder)

    assert [word for word in words if word not in str(caught.value)] == []
    assert "\n" not in str(caught.value)
    assert not HomePage.objects.exists()


def test_a_file_that_is_no_yaml_is_one_clear_error(folder: Path) -> None:
    (folder / "pages.yaml").write_text("site: [")

    with pytest.raises(SampleError, match=r"pages\.yaml.*line 1"):
        sample.load(folder)


def test_a_missing_file_is_one_clear_error(folder: Path) -> None:
    shutil.rmtree(folder)

    with pytest.raises(SampleError, match=r"exercises\.yaml: No such file"):
        sample.load(folder)


def test_a_page_of_another_kind_in_the_way_is_not_overwritten(loaded: Loaded, folder: Path) -> None:
    content = samples.pages(2)
    content["article"]["slug"] = "sore-hip"
    samples.write(folder, content=content, moves=samples.exercises(2))

    with pytest.raises(SampleError, match="stands in the way"):
        sample.load(folder)

    assert DiagnosisPage.objects.get().title == "Sore hip"
