import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from wagtail.admin.icons import get_icons
from wagtail.blocks import BoundBlock, StructBlockValidationError
from wagtail.blocks.base import get_error_json_data
from wagtail.rich_text import RichText

from cms import blocks, exercise_blocks, media_blocks, prose
from cms.models import DiagnosisPage, Picture
from cms.models.diagnoses import CodeBlock
from cms.sample import Loaded

BLOCKS = [
    blocks.SectionBlock,
    blocks.RedFlagBlock,
    exercise_blocks.StepBlock,
    exercise_blocks.MistakeBlock,
    exercise_blocks.DosageBlock,
    media_blocks.MediaPictureBlock,
    media_blocks.FilmBlock,
    blocks.TextBlock,
    blocks.DiagnosesBlock,
    blocks.ExerciseBlock,
]
WORD = (
    '<!--[if gte mso 9]><xml></xml><![endif]--><p class="MsoNormal" style="mso-list:l0">'
    '<span lang="EN-US" style="font-family:Calibri"><o:p>Rest</o:p></span> <font color="red">now'
    "</font></p>"
)
SCRIPTS = [
    "<p>a<script>alert(1)</script></p>",
    '<p onclick="alert(1)">a</p>',
    '<p>a<img src="x" onerror="alert(1)"></p>',
    '<p><a href="javascript:alert(1)">a</a></p>',
    '<p>a</p><iframe src="https://example.org"></iframe>',
    '<p style="background:url(https://example.org)">a</p>',
    '<p>a</p><embed embedtype="media" url="https://example.org"/>',
    "<svg><script>alert(1)</script></svg><p>a</p>",
]


def problems(block: Any, value: dict[str, Any], *, draft: bool = False) -> dict[str, Any]:
    """What the editor is told, by field."""
    clean = block.clean_deferred if draft else block.clean
    try:
        clean(block.to_python(value))
    except StructBlockValidationError as error:
        return dict(get_error_json_data(error)["blockErrors"])
    return {}


# ------------------------------------------------------------------ what the picker shows


@pytest.mark.parametrize("kind", BLOCKS)
def test_every_block_is_described_and_previewed_in_the_picker(kind: Any, loaded: Loaded) -> None:
    block = kind()
    value = block.get_preview_value()
    request = RequestFactory().get("/")
    context = {"request": request, "block_def": block, "bound_block": BoundBlock(block, value)}

    html = render_to_string(
        block.get_preview_template(value, context),
        block.get_preview_context(value, parent_context=context),
        request,
    )

    assert block.is_previewable
    assert str(block.meta.description)
    assert len(html) > 500


@pytest.mark.parametrize("kind", BLOCKS)
def test_every_icon_exists_and_every_field_has_a_label(kind: Any) -> None:
    block = kind()

    assert f'id="icon-{block.meta.icon}"' in get_icons()
    assert all(str(child.label) for child in block.child_blocks.values())


# ------------------------------------------------------------------ drafts and what is published


DOSAGE = {"side": "both", "per": "week", "sets_from": 3, "sets_to": 2, "times": 9}
LOAD = {"side": "both", "per": "week", "load_value": 4.0}


def test_a_dosage_upside_down_is_told_at_its_field() -> None:
    assert problems(exercise_blocks.DosageBlock(), DOSAGE).keys() == {"sets_to", "times"}


def test_a_load_without_its_unit_is_told_at_the_unit() -> None:
    assert problems(exercise_blocks.DosageBlock(), {**LOAD, "load_unit": ""}).keys() == {
        "load_unit"
    }
    assert problems(exercise_blocks.DosageBlock(), {**LOAD, "load_unit": "kg"}) == {}


def test_a_draft_of_a_dosage_may_be_upside_down_while_somebody_types() -> None:
    assert problems(exercise_blocks.DosageBlock(), DOSAGE, draft=True) == {}


WHOLE = {"side": "both", "per": "week"}


@pytest.mark.parametrize(
    ("numbers", "name"),
    [
        ({"reps_from": 12, "reps_to": 8}, "reps_to"),
        ({"times": 5, "non_consecutive": True}, "times"),
        ({"times": 2, "per": "day", "non_consecutive": True}, "non_consecutive"),
        ({"load_value": 5}, "load_unit"),
        ({"load_unit": "kg"}, "load_value"),
        ({"load_value": 120, "load_unit": "percent_1rm"}, "load_value"),
        ({"load_value": 11, "load_unit": "rpe"}, "load_value"),
        ({"tempo": "slow"}, "tempo"),
        ({"tempo": "3-1"}, "tempo"),
    ],
)
def test_a_dosage_that_nobody_could_follow_is_told_at_its_field(
    numbers: dict[str, Any], name: str
) -> None:
    assert problems(exercise_blocks.DosageBlock(), {**WHOLE, **numbers}).keys() == {name}


@pytest.mark.parametrize(
    "numbers",
    [
        {"load_unit": "band"},
        {"load_value": 80, "load_unit": "percent_1rm", "tempo": "3-1-1-0"},
        {"times": 4, "non_consecutive": True},
    ],
)
def test_a_dosage_that_makes_sense_passes(numbers: dict[str, Any]) -> None:
    assert problems(exercise_blocks.DosageBlock(), {**WHOLE, **numbers}) == {}


FILM = {
    "title": "A film",
    "address": "https://example.org/film",
    "description": "A person lifts.",
    "transcript": "<p>Lift.</p>",
    "author": "Us",
    "licence": "CC BY 4.0",
}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"transcript": ""}, "transcript"),
        ({"description": ""}, "description"),
        ({"licence": ""}, "licence"),
        ({"author": ""}, "author"),
        ({"address": "http://example.org/film"}, "address"),
        ({"address": "javascript:alert(1)"}, "address"),
        ({"address": "film"}, "address"),
    ],
)
def test_a_film_without_what_a_reader_needs_is_told_at_its_field(
    changes: dict[str, str], name: str
) -> None:
    assert problems(media_blocks.FilmBlock(), FILM) == {}
    assert problems(media_blocks.FilmBlock(), {**FILM, **changes}).keys() == {name}


def test_another_view_of_an_exercise_is_never_decorative(loaded: Loaded) -> None:
    block = media_blocks.MediaPictureBlock()
    picture = {"image": Picture.objects.first().pk, "decorative": False, "alt_text": "From behind."}

    assert problems(block, {"picture": picture, "view": "back"}) == {}
    silent = {**picture, "alt_text": "", "decorative": True}
    assert problems(block, {"picture": silent, "view": "back"}).keys() == {"picture"}


def test_a_code_that_cannot_be_one_is_told_at_the_code() -> None:
    wrong = {"system": "SNOMED CT", "value": "39723001"}

    assert problems(CodeBlock(), wrong).keys() == {"value"}
    assert problems(CodeBlock(), wrong, draft=True) == {}
    assert problems(CodeBlock(), {**wrong, "value": "39723000"}) == {}


def test_a_step_without_text_is_told_at_the_text() -> None:
    assert problems(exercise_blocks.StepBlock(), {"text": "", "seconds": 5}).keys() == {"text"}
    assert problems(exercise_blocks.StepBlock(), {"text": "", "seconds": 5}, draft=True) == {}


@pytest.mark.parametrize(
    ("block", "value", "name"),
    [
        (
            blocks.SectionBlock(),
            {"aspect": "overview", "heading": "A", "body": "<p>[[x]]</p>"},
            "body",
        ),
        (blocks.RedFlagBlock(), {"sign": "[[x]]", "action": "urgent"}, "sign"),
    ],
)
def test_advice_to_the_editor_is_never_published(block: Any, value: Any, name: str) -> None:
    assert problems(block, value).keys() == {name}
    assert problems(block, value, draft=True) == {}


def test_texts_have_limits() -> None:
    assert "text" in problems(exercise_blocks.StepBlock(), {"text": "x" * 401})
    assert "seconds" in problems(exercise_blocks.StepBlock(), {"text": "x", "seconds": 601})
    long = {"aspect": "overview", "heading": "A", "body": f"<p>{'x' * 6_001}</p>"}
    assert "body" in problems(blocks.SectionBlock(), long)


def test_a_picture_that_informs_needs_a_text(loaded: Loaded) -> None:
    picture = {"image": Picture.objects.first().pk, "decorative": False, "alt_text": ""}

    assert problems(exercise_blocks.StepBlock(), {"text": "x", "picture": picture}).keys() == {
        "picture"
    }


# ------------------------------------------------------------------ rich text


@pytest.mark.parametrize("dirty", SCRIPTS)
def test_script_is_cleaned_whatever_way_it_comes_in(dirty: str) -> None:
    block = prose.ProseBlock()
    clean = [
        block.to_python(dirty).source,
        block.normalize(dirty).source,
        block.normalize(RichText(dirty)).source,
        block.value_from_form(dirty).source,
        prose.ProseField().get_prep_value(dirty),
    ]

    for html in clean:
        assert not [word for word in ("script", "on", "img", "iframe", "style") if word in html]
        assert "a</" in html
    assert len(set(clean)) == 1


def test_what_word_brings_along_is_cleaned() -> None:
    assert prose.clean(WORD) == "<p>Rest now</p>"


@pytest.mark.parametrize(
    "html",
    [
        '<p data-block-key="ab12c">A <b>bold</b> and <i>soft</i> word<br>and a line.</p>',
        '<ul><li data-block-key="x">One</li></ul>',
        '<p><a linktype="page" id="3">a page</a> <a href="https://example.org/?a=1&amp;b=2">b</a></p>',
        '<p><a href="tel:112">call</a> <a href="mailto:a@example.org">write</a></p>',
    ],
)
def test_what_the_editor_makes_stays_as_it_is(html: str) -> None:
    assert prose.clean(html) == html


def test_what_reaches_a_page_is_clean_even_if_the_row_was_written_past_the_editor(
    loaded: Loaded, client: Client
) -> None:
    page = DiagnosisPage.objects.get()
    raw = [
        {
            "type": "section",
            "value": {
                "aspect": "overview",
                "heading": "<script>alert(1)</script>",
                "body": "<p>Fine<script>alert(2)</script></p>",
            },
        }
    ]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cms_diagnosispage SET sections = %s", [json.dumps(raw)])

    html = client.get(page.get_url()).content.decode()

    assert "<p>Fine</p>" in html
    assert "alert(2)" not in html
    assert "<script>alert(1)" not in html


def test_the_api_writes_what_the_editor_could_write() -> None:
    with pytest.raises(ValidationError):
        blocks.ArticleBlock().clean(
            blocks.ArticleBlock().to_python([{"type": "text", "value": {"body": ""}}])
        )
