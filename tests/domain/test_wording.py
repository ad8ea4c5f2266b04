"""Words that would tell a diagnosis to whoever sees the inbox."""

import pytest

from nurture.domain import wording


def test_the_words_of_a_title_tell_and_so_do_abbreviations() -> None:
    words = wording.vocabulary(["SI joint dysfunction", "Pain in the lower back", "SIJD"])

    assert words == {"si", "joint", "dysfunction", "pain", "lower", "back", "sijd"}


@pytest.mark.parametrize("name", ["with the", "to and from", "a hip"])
def test_particles_and_short_words_tell_nothing(name: str) -> None:
    words = wording.vocabulary([name])

    assert words == set()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Week 3: your pelvis", ["pelvis"]),
        ("Week 3: your PELVIS!", ["PELVIS"]),
        ("Stronger joints, calmer Joint", ["joints", "Joint"]),
        ("SI-joint", ["SI", "joint"]),
        ("Week 3: two more of each", []),
        ("jointly", []),
        ("", []),
    ],
)
def test_a_text_is_told_on_in_any_case_singular_or_plural(text: str, found: list[str]) -> None:
    words = wording.vocabulary(["SI joint", "pelvis"])

    telling = wording.telling(text, words)

    assert telling == found


def test_a_diagnosis_named_in_the_plural_is_found_in_the_singular() -> None:
    words = wording.vocabulary(["Hamstrings"])

    telling = wording.telling("Your hamstring this week", words)

    assert telling == ["hamstring"]


def test_words_of_other_alphabets_count_too() -> None:
    words = wording.vocabulary(["Rückenschmerz"])

    telling = wording.telling("Woche 1: RÜCKENSCHMERZ", words)

    assert telling == ["RÜCKENSCHMERZ"]
