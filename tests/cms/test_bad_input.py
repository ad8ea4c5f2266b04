"""What editors get wrong, through the very forms that the admin shows: refused at the field, or
cleaned. Uploads, citations and missing red flags have their own files."""

import json
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from wagtail.test.utils.form_data import inline_formset, nested_form_data, streamfield

from cms.models import DiagnosisPage, ExerciseIndexPage, ExercisePage, User
from cms.sample import Loaded
from tests.cms.test_editing import add, diagnosis

LISTS = (
    "other_names",
    "cues",
    "mistakes",
    "contraindications",
    "precautions",
    "equipment",
    "primary_muscles",
    "secondary_muscles",
    "joints",
    "media",
    "citations",
)
UPSIDE_DOWN = {"reps_from": "12", "reps_to": "8", "side": "both", "per": "week", "times": "9"}


@pytest.fixture
def admin(loaded: Loaded, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ada", "ada@example.org"))
    return client


def exercise(**changes: Any) -> dict[str, Any]:
    """What the form of a complete exercise posts."""
    picture = {"image": "", "alt_text": ""}
    dosage = {"reps_from": "8", "reps_to": "12", "side": "both", "per": "week", "times": "3"}
    data: dict[str, Any] = nested_form_data(
        {
            "title": "Heel slide",
            "slug": "heel-slide",
            "summary": "Slide your heel.",
            "kind": "mobility",
            "level": "beginner",
            "position": "lying",
            "laterality": "each_side",
            "purpose": "It loosens the knee.",
            "steps": streamfield([("step", {"text": "Slide.", "picture": picture})]),
            "dosage": streamfield([("dosage", dosage)]),
            "stop_if": "Stop if it hurts.",
            "review_interval": "24",
            "regions": inline_formset([]),
            "links": inline_formset([]),
            "comments": inline_formset([]),
            **{name: streamfield([]) for name in LISTS},
            **changes,
        }
    )
    return data


def publish(client: Client, data: dict[str, Any]) -> Any:
    index = ExerciseIndexPage.objects.get().pk
    path = reverse("wagtailadmin_pages:add", args=["cms", "exercisepage", index])
    return client.post(path, {**data, "action-publish": "yes"})


def test_a_complete_exercise_is_published(admin: Client) -> None:
    answer = publish(admin, exercise())

    assert answer.status_code == 302, answer.context["form"].errors
    assert ExercisePage.objects.get(slug="heel-slide").live


def test_a_dosage_upside_down_is_refused_at_its_numbers(admin: Client) -> None:
    answer = publish(admin, exercise(dosage=streamfield([("dosage", UPSIDE_DOWN)])))

    (fault,) = answer.context["form"].errors.as_data()["dosage"]
    told = fault.as_json_data()["blockErrors"][0]["blockErrors"]
    assert {name: error["messages"] for name, error in told.items()} == {
        "reps_to": ["The upper end is below the lower end."],
        "times": ["A week has seven days."],
    }
    assert not ExercisePage.objects.filter(slug="heel-slide").exists()


def test_a_link_that_closes_a_loop_is_refused_where_it_stands(
    admin: Client, loaded: Loaded
) -> None:
    easier, harder = loaded.exercises["move-1"], loaded.exercises["move-2"]
    row = {"to": easier.pk, "kind": "progression", "criterion": "When it is easy."}
    path = reverse("wagtailadmin_pages:edit", args=[harder.pk])

    answer = admin.post(path, {**exercise(links=inline_formset([row])), "action-publish": "yes"})

    page = BeautifulSoup(answer.content, "html.parser")
    told = [place.get_text(strip=True) for place in page.select("[data-field-errors]")]
    assert answer.context["form"].formsets["links"].errors[0].keys() == {"to"}
    assert [text for text in told if "This closes a loop" in text]
    assert not ExercisePage.objects.get(pk=harder.pk).links.exists()


def test_script_in_rich_text_is_text_and_its_links_lead_nowhere(admin: Client) -> None:
    words = "<script>alert(1)</script> press me"
    content = {
        "blocks": [
            {
                "key": "a",
                "text": words,
                "type": "unstyled",
                "depth": 0,
                "inlineStyleRanges": [],
                "entityRanges": [{"key": 0, "offset": len(words) - 8, "length": 8}],
            }
        ],
        "entityMap": {
            "0": {"type": "LINK", "mutability": "MUTABLE", "data": {"url": "javascript:alert(2)"}}
        },
    }
    section = {"aspect": "overview", "heading": "What it is", "body": json.dumps(content)}

    add(admin, data=diagnosis(sections=streamfield([("section", section)])), publish=True)

    page = DiagnosisPage.objects.get(slug="sore-knee")
    html = admin.get(page.url).content.decode()
    assert "<script>" not in page.sections[0].value["body"].source
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "javascript:" not in html
    assert "press me" in html
