import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms import codes

REAL = [
    (codes.ICD_10, "M53.3"),
    (codes.ICD_10, "M53.2X8"),
    (codes.ICD_10, "O26"),
    (codes.ICD_11, "ME84.3"),
    (codes.ICD_11, "ME84.3&XK9J"),
    (codes.SNOMED, "39723000"),
    (codes.SNOMED, "22298006"),
]


@pytest.mark.parametrize(("system", "value"), REAL)
def test_a_real_code_fits(system: str, value: str) -> None:
    assert codes.fits(system, value)


@pytest.mark.parametrize(
    ("system", "value"),
    [
        (codes.ICD_10, "53.3"),
        (codes.ICD_10, "m53.3"),
        (codes.ICD_10, "M53."),
        (codes.ICD_11, "OO84"),
        (codes.ICD_11, "ME84&"),
        (codes.SNOMED, "39723001"),
        (codes.SNOMED, "3972300"),
        (codes.SNOMED, "M53.3"),
        (codes.SNOMED, ""),
        ("another register", "39723000"),
    ],
)
def test_what_was_mistyped_does_not(system: str, value: str) -> None:
    assert not codes.fits(system, value)


@given(st.integers(0, 7), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(place: int, more: int) -> None:
    digits = list("39723000")
    digits[place] = str((int(digits[place]) + more) % 10)

    assert not codes.fits(codes.SNOMED, "".join(digits))


@given(st.integers(0, 6))
def test_two_digits_that_changed_places_are_found(place: int) -> None:
    digits = list("39723000")
    digits[place], digits[place + 1] = digits[place + 1], digits[place]

    assert codes.fits(codes.SNOMED, "".join(digits)) == ("".join(digits) == "39723000")
