"""The blocks of a mail: what each becomes, and what each refuses."""

import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from PIL import Image

from cms.models import ExercisePage, Picture
from cms.models.exercises import ExerciseLink
from nurture import due
from nurture.authoring.faults import CannotCompile
from nurture.domain.states import EnrolmentState, Reason
from nurture.mail import prepared
from nurture.models import Message, StepVersion, Variant
from tests.cast import ANNA
from tests.factories import (
    Child,
    callout,
    card,
    checkin,
    diagnosis_page,
    exercise_page,
    published_sequence,
    step,
    text,
)
from tests.nurture.steps import enrolled

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def photo(*, size: int = 40, noise: int = 0, description: str = "A garden path.") -> Picture:
    """A JPEG; `noise` adds so many bytes to the file."""
    file = BytesIO()
    Image.new("RGB", (size, size), "green").save(file, "JPEG")
    content = ContentFile(file.getvalue() + b"\x00" * noise, name="si-joint-dysfunction.jpg")
    made: Picture = Picture.objects.create(title="Path", description=description, file=content)
    return made


def image(picture: Picture, **other: Any) -> dict[str, Any]:
    return {"image": picture.pk, "decorative": False, "alt_text": "A path.", **other}


def block(kind: str, **value: Any) -> Child:
    return {"type": kind, "id": str(uuid4()), "value": value}


def compiled(*body: Child) -> StepVersion:
    published_sequence(steps=[step(*body)])
    return StepVersion.objects.get()


def refused(*body: Child) -> CannotCompile:
    with pytest.raises(CannotCompile) as caught:
        published_sequence(steps=[step(*body)])
    return caught.value


# ------------------------------------------------------------------ what each becomes


def test_red_flags_say_whom_to_call_first() -> None:
    made = compiled(block("red_flags", action="emergency", signs=["Numbness.", "Fever."]))

    assert "Call 911 now if you notice" in made.html
    assert "- Numbness." in made.text


def test_what_is_new_stands_in_a_box_of_its_own() -> None:
    made = compiled(block("progress", changed="Two seconds longer.", why="Endurance first."))

    assert "Two seconds longer." in made.html
    assert "New this time\n-------------" in made.text


def test_a_button_to_a_page_does_not_tell_which() -> None:
    page = diagnosis_page()

    made = compiled(block("button", label="Read on", page=page.pk, url=""))

    assert f"/p/{page.translation_key}/" in made.html
    assert page.slug not in made.html + made.text


def test_a_link_in_a_text_to_a_page_does_not_tell_which_either() -> None:
    page = diagnosis_page()

    made = compiled(text(f'<p><a linktype="page" id="{page.pk}">more</a></p>'))

    assert f"/p/{page.translation_key}/" in made.html
    assert page.slug not in made.html + made.text


def test_a_picture_is_shown_by_a_name_that_tells_nothing() -> None:
    made = compiled(block("picture", picture=image(photo()), caption="The way home"))

    sources = re.findall(r'<img[^>]*src="([^"]*)"', made.html)
    assert re.search(r"/media/mail/[0-9a-f]{32}\.jpg$", sources[0])
    assert 'alt="A path."' in made.html
    assert "[A path.]" in made.text


def test_a_video_is_a_picture_that_leads_to_it() -> None:
    made = compiled(
        block(
            "video",
            title="The lift",
            url="https://films.example.org/1",
            thumbnail=image(photo()),
            minutes=2,
        )
    )

    assert made.html.count("https://films.example.org/1") == 2
    assert "2 minutes" in made.html
    assert "https://films.example.org/1" in made.text


def test_each_answer_of_a_check_in_is_a_button_with_a_link_of_its_own() -> None:
    made = compiled(text(), checkin())

    links = re.findall(r'href="(\{\{checkin_url_\d\}\})"', made.html)
    assert links == [f"{{{{checkin_url_{number}}}}}" for number in range(1, 6)]
    assert made.text.count("{{checkin_url_") == 5
    assert made.rules is not None
    assert [answer.label for answer in made.rules.answers][:2] == ["Too easy", "About right"]


def test_a_field_may_say_what_stands_in_for_a_missing_name() -> None:
    made = compiled(text("<p>Hi {{first_name|friend}},</p>"))

    nameless = prepared.prepare("", text=made.text, html=made.html).content({})

    assert b"friend" in nameless
    assert b"{{" not in nameless.replace(b"{{unsubscribe", b"").replace(b"{{preferences", b"")


# ------------------------------------------------------------------ what each refuses


@pytest.mark.parametrize(
    ("made", "field", "why"),
    [
        (lambda: block("button", label="Go", page=None, url=""), "page", "say where"),
        (
            lambda: block("button", label="Go", page=diagnosis_page().pk, url="https://a.example"),
            "url",
            "one place",
        ),
        (
            lambda: block("button", label="Go", page=unpublished().pk, url=""),
            "page",
            "not published",
        ),
        (
            lambda: block("picture", picture=image(photo(noise=3_000_000)), caption=""),
            "picture",
            r"3\.0 MB",
        ),
        (
            lambda: block("picture", picture=image(photo(description=""), alt_text=""), caption=""),
            "picture",
            "describe",
        ),
        (lambda: text('<p><a linktype="page" id="999999">gone</a></p>'), "body", "not published"),
    ],
)
def test_what_cannot_go_out_is_told_at_its_field(made: Any, field: str, why: str) -> None:
    error = refused(text(), made())

    assert error.faults[0].place == (0, "body", 1, field)
    assert re.search(why, error.faults[0].text)


def unpublished() -> ExercisePage:
    page = exercise_page()
    page.unpublish()
    return page


def test_every_fault_is_told_at_once() -> None:
    error = refused(
        text("<p>{{surname}}</p>"), block("button", label="Go", page=None, url=""), callout()
    )

    assert {fault.place for fault in error.faults} == {
        (0, "body", 0, "body"),
        (0, "body", 1, "page"),
    }


# ------------------------------------------------------------------ not for everybody


@pytest.fixture
def plank() -> ExercisePage:
    """An exercise that is not for who is pregnant, with one that is."""
    page = exercise_page(title="Plank", contraindication_tags=["pregnant", "dizziness"])
    instead = exercise_page(title="Breathing", contraindication_tags=["dizziness"])
    ExerciseLink.objects.create(page=page, to=instead, kind="substitute", criterion="Instead")
    page.refresh_from_db()
    return page


def test_a_version_has_a_variant_for_each_choice(plank: ExercisePage) -> None:
    made = compiled(card(plank), callout())

    variant = Variant.objects.get()
    assert (variant.version, variant.choice) == (made, "1")
    assert "Plank" in made.html
    assert "Breathing" not in made.html
    assert "Breathing" in variant.html
    assert "Plank" not in variant.html + variant.text


def test_who_declared_it_gets_the_substitute(plank: ExercisePage) -> None:
    anna = ANNA.joins()
    anna.tags = ["pregnant"]
    anna.save()
    enrolled(anna, published_sequence(steps=[step(card(plank), callout())]), now=NOW)

    due.claim(NOW)

    message = Message.objects.get()
    version = message.step_version_id
    assert version is not None
    assert message.choice == "1"
    assert b"Breathing" in prepared.version(version, message.choice).content({})


def test_where_no_exercise_fits_the_programme_waits_for_a_person(plank: ExercisePage) -> None:
    anna = ANNA.joins()
    anna.tags = ["dizziness"]
    anna.save()
    row = enrolled(anna, published_sequence(steps=[step(card(plank), callout())]), now=NOW)

    due.claim(NOW)

    row.refresh_from_db()
    assert not Message.objects.exists()
    assert (row.state, row.reason) == (EnrolmentState.HELD, Reason.CONTRAINDICATED)


def test_a_number_and_its_unit_stay_on_one_line() -> None:
    made = compiled(
        card(exercise_page(), dosage=[{"hold_seconds": 3, "rest_seconds": 60}]), callout()
    )

    assert "hold 3\N{NO-BREAK SPACE}s" in made.html
    assert "hold 3 s" in made.text
