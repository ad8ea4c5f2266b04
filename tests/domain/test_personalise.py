"""Merge fields are substituted, never interpreted, and fit the place that they go to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.domain import personalise
from nurture.domain.personalise import UnknownField

HOSTILE = [
    "{{ 7*7 }}",
    "{% include 'secret.txt' %}",
    "{{ settings.SECRET_KEY }}",
    "{{ request }}",
    "{0.__class__}",
    "{first_name.__class__}",
    "%(first_name)s",
    "${first_name}",
    "#{7*7}",
]


@pytest.mark.parametrize("spelling", ["{{first_name}}", "{{ first_name }}", "{{\n first_name}}"])
def test_a_field_becomes_the_persons_value(spelling: str) -> None:
    text = f"Hello {spelling}!"

    merged = personalise.into_text(text, {"first_name": "Anna"})

    assert merged == "Hello Anna!"


@pytest.mark.parametrize("values", [{}, {"first_name": ""}, {"first_name": " \r\n"}])
def test_a_person_without_a_name_is_greeted_all_the_same(values: dict[str, str]) -> None:
    merged = personalise.into_text("Hello {{first_name}}!", values)

    assert merged == "Hello there!"


def test_a_value_in_html_is_text_and_no_markup() -> None:
    name = "<img src=x onerror='alert(1)'>\" & more"

    merged = personalise.into_html("<p>{{first_name}}</p>", {"first_name": name})

    assert merged == ("<p>&lt;img src=x onerror=&#x27;alert(1)&#x27;&gt;&quot; &amp; more</p>")


def test_a_value_in_the_text_part_is_not_escaped() -> None:
    merged = personalise.into_text("{{first_name}}", {"first_name": "O'Neil & <sons>"})

    assert merged == "O'Neil & <sons>"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\u2028", "\u0085", "\x00", "\x1b"])
def test_a_value_cannot_begin_another_line_or_header(end: str) -> None:
    values = {"first_name": f"Anna{end}Bcc: eve@example.org"}

    merged = personalise.into_header("Week 1, {{first_name}}", values)

    assert merged.isprintable()
    assert "Anna" in merged


def test_a_header_written_on_two_lines_becomes_one() -> None:
    merged = personalise.into_header("Week 1\r\nBcc: eve@example.org", {})

    assert merged == "Week 1  Bcc: eve@example.org"


def test_what_a_value_contains_is_never_looked_at_again() -> None:
    values = {"first_name": "{{unsubscribe_url}}", "unsubscribe_url": "https://secret"}

    merged = personalise.into_text("Hello {{first_name}}", values)

    assert merged == "Hello {{unsubscribe_url}}"


@pytest.mark.parametrize("code", HOSTILE)
def test_code_in_a_name_arrives_as_it_was_typed(code: str) -> None:
    merged = personalise.into_text("Hello {{first_name}}!", {"first_name": code})

    assert merged == f"Hello {code}!"


@pytest.mark.parametrize("code", HOSTILE)
def test_code_in_a_text_stays_as_it_was_written(code: str) -> None:
    merged = personalise.into_text(f"Do this: {code}.", {"first_name": "Anna"})

    assert merged == f"Do this: {code}."


@pytest.mark.parametrize("text", ["", "Hello {{first_name}} and {{ first_name }}", "{ } {% x %}"])
def test_an_editor_may_use_the_fields_on_the_list(text: str) -> None:
    personalise.check(text)  # raises nothing

    assert {"first_name"} == personalise.EDITORS_FIELDS


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{{last_name}}", ["last_name"]),
        ("{{ 7*7 }}", ["7*7"]),
        ("{{}}", [""]),
        ("{{unsubscribe_url}}", ["unsubscribe_url"]),
        ("{{<b>first_name</b>}}", ["<b>first_name</b>"]),
        ("{{b}} {{first_name}} {{a}}", ["a", "b"]),
    ],
)
def test_an_editor_is_told_which_field_does_not_exist_and_which_do(
    text: str, names: list[str]
) -> None:
    with pytest.raises(UnknownField, match=r"You can use: \{\{first_name\}\}") as caught:
        personalise.check(text)

    assert caught.value.names == names


@given(st.text())
def test_no_name_whatever_brings_markup_or_lines_into_html(name: str) -> None:
    merged = personalise.into_html("{{first_name}}", {"first_name": name})

    assert not set(merged) & set("<>\"'\r\n")


@given(st.text())
def test_no_name_whatever_breaks_a_header(name: str) -> None:
    merged = personalise.into_header("Hello {{first_name}}", {"first_name": name})

    assert merged.isprintable()
