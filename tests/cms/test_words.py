import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms import words

KNOWN = ["sacroil", "sacrum", "pelvic", "floor", "flower", "bridg", "band", "walk"]


@given(st.text(max_size=words.MAX_LENGTH))
def test_whatever_is_typed_only_letters_and_digits_are_looked_for(text: str) -> None:
    found = words.read(text)

    assert len(found) <= words.MAX_WORDS
    assert len(set(found)) == len(found)
    assert all(word.isalnum() for word in found)


def test_words_are_read_in_lower_case_each_once() -> None:
    assert words.read("  Hip, HIP-pain!  ") == ["hip", "pain"]


def test_an_accent_typed_in_two_parts_is_one_letter() -> None:
    assert words.read("sacroiliti\u0301s") == ["sacroilit\u00eds"]


def test_a_text_of_more_than_anybody_types_is_refused() -> None:
    with pytest.raises(words.TooLong):
        words.read("a" * (words.MAX_LENGTH + 1))


@pytest.mark.parametrize(
    ("typed", "first"),
    [("sakroil", "sacroil"), ("pelvik", "pelvic"), ("flor", "floor"), ("brigd", "bridg")],
)
def test_a_typo_leads_to_the_word_that_was_meant(typed: str, first: str) -> None:
    assert words.meant(typed, KNOWN)[0] == first


def test_a_word_like_no_other_leads_nowhere() -> None:
    assert words.meant("zebra", KNOWN) == []


def test_likeness_is_one_for_the_same_word_and_zero_for_a_stranger() -> None:
    hip, zoo = words.trigrams("hip"), words.trigrams("zoo")

    assert words.likeness(hip, hip) == 1
    assert words.likeness(hip, zoo) == 0
