"""What regions, diagnoses and exercises carry beside their main text, as readers meet it."""

import json
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.test import Client

from cms.documents.compiling import compile_page
from cms.models import (
    DiagnosisPage,
    DiagnosisRegion,
    DiagnosisRelated,
    ExercisePage,
    Picture,
    RegionPage,
)
from cms.sample import Loaded

FILM = {
    "title": "Move 1",
    "address": "https://films.example.org/move-1",
    "view": "side",
    "seconds": 45,
    "description": "A person lifts.",
    "transcript": "<p>Lift slowly.</p>",
    "author": "Us",
    "licence": "CC BY 4.0",
}


def words(client: Client, page: Any) -> str:
    soup = BeautifulSoup(client.get(page.url).content, "html.parser")
    return " ".join(soup.get_text(" ").split())


@pytest.fixture
def knee(loaded: Loaded) -> RegionPage:
    page: RegionPage = loaded.home.add_child(
        instance=RegionPage(title="Knee", slug="knee", summary="A hinge.", side_applies=True)
    )
    return page


def test_a_region_shows_where_it_is_and_that_there_are_two(
    loaded: Loaded, knee: RegionPage, client: Client
) -> None:
    picture = Picture.objects.first()
    RegionPage.objects.filter(pk=knee.pk).update(diagram=picture)

    html = client.get(knee.url).content.decode()

    assert f'alt="{picture.description}"' in html
    assert "one on the left and one on the right" in html


def test_a_diagram_without_a_description_is_refused_at_its_field(
    loaded: Loaded, knee: RegionPage
) -> None:
    knee.diagram = Picture(title="A knee")

    with pytest.raises(ValidationError) as caught:
        knee.full_clean()

    assert caught.value.message_dict.keys() == {"diagram"}


def test_a_mistyped_code_of_a_region_is_refused_at_its_field(knee: RegionPage) -> None:
    knee.snomed_code = "39723001"

    with pytest.raises(ValidationError) as caught:
        knee.full_clean()

    assert caught.value.message_dict.keys() == {"snomed_code"}


def test_a_diagnosis_of_two_regions_stands_on_both_pages(
    loaded: Loaded, knee: RegionPage, client: Client
) -> None:
    diagnosis = DiagnosisPage.objects.get()
    before = words(client, knee)
    DiagnosisRegion.objects.create(page=diagnosis, region=knee)

    assert "Sore hip" not in before
    assert "Sore hip" in words(client, knee)
    assert words(client, diagnosis.get_parent()).count("Sore hip") == 1


def test_related_pages_show_in_order_and_only_those_that_are_live(
    loaded: Loaded, client: Client, django_assert_max_num_queries: Any
) -> None:
    page = DiagnosisPage.objects.get()
    hidden = loaded.exercises["move-2"]
    for order, target in enumerate((loaded.article, hidden, loaded.exercises["move-1"])):
        DiagnosisRelated.objects.create(page=page, target_id=target.pk, sort_order=order)
    hidden.unpublish()

    with django_assert_max_num_queries(5):
        titles = [target.title for target in page.related_list]

    assert titles == ["Run again", "Move 1"]
    assert "Related pages Run again" in words(client, page)


def test_an_exercise_says_its_sides_and_what_it_is_good_for(loaded: Loaded, client: Client) -> None:
    page = loaded.exercises["move-1"]
    ExercisePage.objects.filter(pk=page.pk).update(laterality="each_side")

    text = words(client, page)

    assert "Sides Each side by itself" in text
    assert "Good for Hip" in text


def test_a_film_shows_its_transcript_and_loads_nothing_from_elsewhere(
    loaded: Loaded, client: Client
) -> None:
    page = loaded.exercises["move-1"]
    picture = {"image": Picture.objects.first().pk, "alt_text": "From behind.", "decorative": False}
    raw = [
        {"type": "picture", "value": {"picture": picture, "view": "back"}},
        {"type": "film", "value": FILM},
    ]
    page.media = page.media.stream_block.to_python(raw)
    page.save_revision().publish()

    soup = BeautifulSoup(client.get(page.url).content, "html.parser")
    media = soup.select("section[aria-labelledby=media]")[0]
    link = media.select("a")[0]

    assert media.select("img")[0]["alt"] == "From behind."
    assert "Lift slowly." in media.text
    assert "films.example.org" in media.text
    assert link["href"] == FILM["address"]
    assert "noreferrer" in link["rel"]
    assert not soup.select("iframe, video, audio, embed, object")


def test_a_picture_of_a_step_says_what_was_written_for_it(loaded: Loaded, client: Client) -> None:
    page = loaded.exercises["move-1"]
    picture = {"image": Picture.objects.first().pk, "alt_text": "Feet flat.", "decorative": False}
    raw = [{"type": "step", "value": {"text": "Lie down.", "picture": picture}}]
    page.steps = page.steps.stream_block.to_python(raw)
    page.save_revision().publish()

    assert 'alt="Feet flat."' in client.get(page.url).content.decode()


def test_programs_read_what_pages_show(loaded: Loaded, knee: RegionPage) -> None:
    diagnosis, exercise = DiagnosisPage.objects.get(), loaded.exercises["move-1"]
    picture = {"image": Picture.objects.first().pk, "alt_text": "From behind.", "decorative": False}
    exercise.media = exercise.media.stream_block.to_python(
        [
            {"type": "picture", "value": {"picture": picture, "view": "back"}},
            {"type": "film", "value": FILM},
        ]
    )
    exercise.save_revision().publish()
    DiagnosisRelated.objects.create(page=diagnosis, target_id=exercise.pk)
    DiagnosisRegion.objects.create(page=diagnosis, region=knee)

    pages = [type(page).objects.get(pk=page.pk) for page in (diagnosis, exercise, knee)]
    said = {page.pk: json.loads(compile_page(page)[0].body) for page in pages}

    assert [card["title"] for card in said[diagnosis.pk]["related"]] == ["Move 1"]
    assert [card["title"] for card in said[diagnosis.pk]["regions"]] == ["Knee"]
    assert [card["title"] for card in said[knee.pk]["diagnoses"]] == ["Sore hip"]
    assert [card["title"] for card in said[exercise.pk]["regions"]] == ["Hip"]
    assert [block["view_label"] for block in said[exercise.pk]["media"]] == [
        "From behind",
        "From the side",
    ]
    assert said[exercise.pk]["dosage"]["tempo"] == ""
