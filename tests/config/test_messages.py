"""Whatever a visitor or a subscriber can read is there in every language of ours."""

import re
from io import BytesIO
from typing import Any

import pytest
from babel.messages import Message
from babel.messages.mofile import read_mo

from config.environment import LANGUAGES
from config.local import messages

HOW = "run `make messages`, write what is missing into {path}, and run it again"
PLACEHOLDER = re.compile(r"%\(\w+\)[.\d]*[a-z]|\{\{?\w+\}?\}")

every_language = pytest.mark.parametrize("language", messages.LANGUAGES)


def how(language: str) -> str:
    return HOW.format(path=messages.path_of(language).relative_to(messages.ROOT))


def texts(message: Message) -> tuple[list[str], list[str]]:
    """What it says in English and in the other language, each with its plural."""
    return parts(message.id), parts(message.string)


def parts(text: Any) -> list[str]:
    return [text] if isinstance(text, str) else [*text]


def test_every_language_but_the_one_we_write_in_has_a_catalogue() -> None:
    assert {*messages.LANGUAGES, "en-us"} == {*LANGUAGES}


@every_language
def test_nothing_that_a_visitor_reads_is_untranslated(language: str) -> None:
    missing = messages.missing(language)

    assert not missing, "\n".join(
        [f"{language} lacks {len(missing)} texts; {how(language)}:", *missing]
    )


@every_language
def test_the_catalogue_holds_no_text_that_visitors_no_longer_see(language: str) -> None:
    said = messages.grouped(messages.sources())
    stale = [
        message.id
        for message in messages.read(language)
        if message.id and (message.context or "", texts(message)[0][0]) not in said
    ]

    assert not stale, f"{how(language)}; the sources do not say: {stale}"


@every_language
def test_what_is_compiled_is_what_the_catalogue_says(language: str) -> None:
    path = messages.path_of(language)

    assert path.with_suffix(".mo").read_bytes() == messages.mo(messages.read(language)), how(
        language
    )
    assert read_mo(BytesIO(path.with_suffix(".mo").read_bytes())).get("Sign me up")


@every_language
def test_a_translation_keeps_every_place_for_a_value(language: str) -> None:
    wrong = []
    for message in messages.read(language):
        ids, said = texts(message)
        # A singular may say "one" in words.
        allowed = [places(text) for text in ids]
        wrong += [ids[0] for text in said if message.id and text and places(text) not in allowed]

    assert not wrong


def places(text: str) -> list[str]:
    return sorted(set(PLACEHOLDER.findall(text)))


def test_who_reads_a_text_is_told_by_where_it_stands() -> None:
    assert not messages.is_for_staff("nurture/templates/nurture/signup.html", shown=False)
    assert not messages.is_for_staff("cms/models/exercises.py", shown=True)
    assert messages.is_for_staff("cms/models/exercises.py", shown=False)
    assert messages.is_for_staff("cms/admin/uploads.py", shown=False)


def test_texts_are_found_in_templates_and_in_code() -> None:
    template = """{% translate "One" %}
        {% blocktranslate count n=n %}{{ n }} a{% plural %}{{ n }} b{% endblocktranslate %}"""
    code = """
from django.utils.translation import gettext as _now, gettext_lazy as _
class Level(models.TextChoices):
    LOW = "low", _("Low")
field = CharField(help_text=_("A hint " "in two parts"))
said = _now("%(n)s weeks")
"""

    in_template = list(messages.in_template("cms/templates/x.html", template))
    in_code = list(messages.in_python("cms/models/x.py", code))

    assert [(one.text, one.plural) for one in in_template] == [("One", ""), ("%(n)s a", "%(n)s b")]
    assert {(one.text, one.for_staff) for one in in_code} == {
        ("Low", False),
        ("A hint in two parts", True),
        ("%(n)s weeks", False),
    }
