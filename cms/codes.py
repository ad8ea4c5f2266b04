"""Codes of diagnoses and body parts: whether one can be what it says it is.

A register knows more. This finds what was mistyped: a wrong shape, or a wrong check digit.
"""

import re

ICD_10, ICD_11, SNOMED = "ICD-10-CM", "ICD-11", "SNOMED CT"
STEM = r"[0-9A-HJ-NP-Z]{4,6}(\.[0-9A-HJ-NP-Z]{1,2})?"
SHAPES = {
    ICD_10: re.compile(r"[A-Z]\d[0-9A-Z](\.[0-9A-Z]{1,4})?"),
    # The letters O and I are never used; "&" and "/" join a stem to others, as in ME84.3&XK9J.
    ICD_11: re.compile(rf"{STEM}([&/]{STEM})*"),
    SNOMED: re.compile(r"[1-9]\d{5,17}"),
}
# The check digit of SNOMED CT by Verhoeff: products in the dihedral group of ten elements, each
# digit first permuted by its place, counted from the right.
FLIPPED = 5
PLACES = [
    *("0123456789", "1576283094", "5803796142", "8916043527"),
    *("9453126870", "4286573901", "2793806415", "7046913258"),
]


def fits(system: str, value: str) -> bool:
    """Whether `value` has the shape of a code of `system`, and its check digit where it has one."""
    shape = SHAPES.get(system)
    if shape is None or not shape.fullmatch(value):
        return False
    return system != SNOMED or verhoeff(value) == 0


def verhoeff(digits: str) -> int:
    """0 for a number whose last digit is right."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = product(check, int(PLACES[place % len(PLACES)][int(digit)]))
    return check


def product(left: int, right: int) -> int:
    """In the group of the turns (0 to 4) and flips (5 to 9) of a pentagon."""
    turn = (left + right if left < FLIPPED else left - right) % FLIPPED
    flipped = (left >= FLIPPED) != (right >= FLIPPED)
    return turn + FLIPPED if flipped else turn
