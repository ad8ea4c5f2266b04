"""Nobody gets an exercise that they said is not for them, and nobody gets silence instead."""

from hypothesis import given
from hypothesis import strategies as st

from nurture.domain import alternatives
from nurture.domain.alternatives import Option

PLANK = Option(1, frozenset({"pregnant", "pelvic_floor"}))
SIDE_PLANK = Option(2, frozenset({"pregnant"}))
BREATHING = Option(3, frozenset())

tags = st.sampled_from(["pregnant", "pelvic_floor", "dizziness"])
options = st.builds(Option, st.integers(1, 50), st.frozensets(tags))
slots = st.lists(st.lists(options, min_size=1, max_size=3), max_size=3)


def test_who_declared_nothing_gets_the_usual_exercises() -> None:
    choice = alternatives.choose([[PLANK, SIDE_PLANK], [BREATHING]], [])

    assert choice == (0, 0)
    assert alternatives.key(choice) == ""


def test_the_first_substitute_that_fits_takes_the_place() -> None:
    slot = [PLANK, SIDE_PLANK, BREATHING]

    choices = [
        alternatives.choose([slot], declared) for declared in (["pelvic_floor"], ["pregnant"])
    ]

    assert choices == [(1,), (2,)]
    assert alternatives.key((2,)) == "2"


def test_where_nothing_fits_a_person_must_look() -> None:
    assert alternatives.choose([[PLANK], [BREATHING]], ["pregnant"]) is None


@given(slots, st.frozensets(tags))
def test_nobody_gets_what_they_declared_against(
    some: list[list[Option]], declared: frozenset[str]
) -> None:
    choice = alternatives.choose(some, declared)

    if choice is None:
        assert any(all(option.not_for & declared for option in slot) for slot in some)
    else:
        assert not any(
            slot[position].not_for & declared for slot, position in zip(some, choice, strict=True)
        )


@given(slots, st.frozensets(tags))
def test_every_choice_that_anybody_can_get_is_compiled(
    some: list[list[Option]], declared: frozenset[str]
) -> None:
    choice = alternatives.choose(some, declared)

    assert choice is None or choice in set(alternatives.reachable(some))


@given(slots)
def test_the_usual_choice_comes_first_and_none_comes_twice(some: list[list[Option]]) -> None:
    every = list(alternatives.reachable(some))

    assert every[0] == (0,) * len(some)
    assert len(set(every)) == len(every)
