"""Changing a thing compiles exactly the documents that show it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from django.test import Client
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Page

from cms.documents import store, working
from cms.documents.compiling import Compiled, compile_page
from cms.documents.shared import Shared
from cms.models import Citation, Document, ExercisePage, Outdated, Picture
from cms.sample import Loaded
from tests.api.reading import get

ALL = {"Oak Clinic", "Exercises", "Move 1", "Move 2", "Hip", "Sore hip", "Run again"}


@dataclass
class Seen:
    """The titles of the pages that were compiled, in the publication and after it."""

    titles: set[str] = field(default_factory=set)


@contextmanager
def compiling() -> Iterator[Seen]:
    seen = Seen()
    before = dict(Document.objects.values_list("pk", "compiled_at"))
    yield seen
    working.work()
    after = Document.objects.values_list("pk", "compiled_at", "page__title")
    seen.titles = {title for pk, at, title in after if before.get(pk) != at}


def republish(page: ExercisePage) -> None:
    page.save_revision().publish()


def test_a_page_and_what_shows_it(compiled: Loaded) -> None:
    page = compiled.exercises["move-2"]
    page.summary = "Another summary."

    with compiling() as seen:
        republish(page)

    assert seen.titles == {"Move 2", "Move 1", "Sore hip", "Run again"}


def test_a_page_that_nothing_shows_is_alone(compiled: Loaded) -> None:
    page = compiled.article
    page.notice = "Read on."

    with compiling() as seen:
        page.save_revision().publish()

    # The home page and the region have a card of it.
    assert seen.titles == {"Run again", "Hip", "Oak Clinic"}


def test_a_region_shows_above_what_stands_in_it(compiled: Loaded) -> None:
    region = compiled.article.get_parent().specific

    with compiling() as seen:
        region.save_revision().publish()

    assert seen.titles == {"Hip", "Oak Clinic", "Sore hip", "Run again", "Move 1", "Move 2"}


def test_a_new_description_of_a_picture(compiled: Loaded) -> None:
    picture = Picture.objects.get(pk=compiled.exercises["move-1"].drawing_id)
    picture.description = "Somebody lies down."

    with compiling() as seen:
        picture.save()

    assert seen.titles == {"Move 1", "Move 2", "Sore hip", "Run again"}
    document = Document.objects.get(page=compiled.exercises["move-1"])
    assert "Somebody lies down." in document.body


def test_a_source_that_is_put_right(compiled: Loaded) -> None:
    citation = Citation.objects.create(
        title="Hips", authors="Doe J", year=2020, url="https://a.org"
    )
    page = compiled.diagnoses["sore-hip"]
    page.citations = [("citation", {"citation": citation, "supports": ""})]
    page.save_revision().publish()
    working.work()
    citation.year = 2021

    with compiling() as seen:
        citation.save()

    assert seen.titles == {"Sore hip"}


def test_an_exercise_that_a_diagnosis_gains_and_loses(compiled: Loaded) -> None:
    page = compiled.diagnoses["sore-hip"]
    page.exercises.set([link for link in page.exercises.all() if link.exercise.slug == "move-1"])

    with compiling() as seen:
        page.save_revision().publish()

    assert {"Sore hip", "Move 2"} <= seen.titles
    assert "Sore hip" not in Document.objects.get(page=compiled.exercises["move-2"]).body


def test_unpublishing_takes_a_page_out_of_what_showed_it(compiled: Loaded) -> None:
    page = compiled.exercises["move-2"]

    with compiling() as seen:
        page.unpublish()

    assert seen.titles == {"Move 1", "Sore hip", "Run again", "Hip"}
    assert not Document.objects.filter(body__contains="Move 2").exists()
    assert not Document.objects.filter(card__contains="Move 2").exists()


def test_compiling_again_changes_nothing(compiled: Loaded) -> None:
    before = list(Document.objects.order_by("pk").values_list("etag", "changed_at"))

    assert working.repair(deep=True) == 0
    assert list(Document.objects.order_by("pk").values_list("etag", "changed_at")) == before


def test_a_lost_doorbell_only_delays(compiled: Loaded) -> None:
    page = compiled.exercises["move-2"]
    page.summary = "Another summary."
    republish(page)
    Outdated.objects.all().delete()  # as if the process had died before it marked them

    assert working.repair() > 0
    assert "Another summary." in Document.objects.get(page=compiled.diagnoses["sore-hip"]).body


def test_what_went_past_the_signals_is_found_by_the_check(compiled: Loaded) -> None:
    ExercisePage.objects.filter(slug="move-1").update(summary="Written by hand.")

    assert working.repair() == 0
    assert working.repair(deep=True) == len({"Move 1", "Move 2", "Sore hip", "Run again"})


@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
def test_a_photo_comes_in_all_formats_and_sizes(compiled: Loaded) -> None:
    photo = Picture.objects.create(
        title="Photo", description="A hip.", file=get_test_image_file(size=(600, 400), colour="red")
    )
    page = compiled.exercises["move-2"]
    page.drawing = photo
    republish(page)

    working.work()

    body = Document.objects.get(page=page).body
    gc.collect()  # Wagtail leaves the files of new renditions to the collector
    for said in ('"avif"', '"webp"', '"jpeg"', '"width":480', '"width":600', '"#f'):
        assert said in body


def test_every_page_has_its_document(compiled: Loaded) -> None:
    assert set(Document.objects.values_list("page__title", flat=True)) == ALL


def test_a_page_that_cannot_be_compiled_is_withheld_and_stops_no_other(
    compiled: Loaded, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = compile_page
    broken = compiled.exercises["move-1"]

    def fails(page: Page, shared: Shared) -> list[Compiled]:
        if page.pk == broken.pk:
            raise ValueError(page.pk)
        return whole(page, shared)

    monkeypatch.setattr(store, "compile_page", fails)
    broken.title = "A correction"
    broken.save_revision().publish()
    other = compiled.exercises["move-2"]
    other.title = "Move two"
    other.save_revision().publish()
    working.work()

    broken.refresh_from_db()
    assert broken.title == "A correction"
    get(client, f"exercises/{broken.translation_key}/", status=503)
    assert get(client, f"exercises/{other.translation_key}/")["title"] == "Move two"

    monkeypatch.undo()

    assert get(client, f"exercises/{broken.translation_key}/")["title"] == "A correction"
