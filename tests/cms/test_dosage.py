from typing import Any

import pytest
from django.utils.translation import override
from hypothesis import example, given
from hypothesis import strategies as st

from cms.dosage import Dosage

NUMBER = st.none() | st.integers(1, 100)
DOSAGES = st.fixed_dictionaries(
    {
        "sets_from": NUMBER,
        "sets_to": NUMBER,
        "reps_from": NUMBER,
        "reps_to": NUMBER,
        "hold_seconds": NUMBER,
        "duration_seconds": st.none() | st.integers(5, 7_200),
        "rest_seconds": NUMBER,
        "side": st.sampled_from(["both", "each_side", "alternating", ""]),
        "load_value": st.none() | st.floats(0, 200),
        "load_unit": st.sampled_from(["kg", "lb", "band", "percent_1rm", "rir", "rpe", ""]),
        "tempo": st.sampled_from(["", "3-1-1-0", "0-0-0-0", "2-0-2"]),
        "effort_max": st.none() | st.integers(0, 10),
        "pain_max": st.none() | st.integers(0, 10),
        "times": NUMBER,
        "per": st.sampled_from(["day", "week"]),
        "non_consecutive": st.booleans(),
        "weeks": NUMBER,
    }
)


@given(DOSAGES)
@example({"load_value": 1.0, "load_unit": ""})
def test_no_sentence_shows_a_hole(values: dict[str, Any]) -> None:
    dosage = Dosage.from_mapping(values)

    for sentence in (dosage.sentence(), dosage.limits()):
        assert not any(hole in sentence for hole in ("None", "%(", "{", "}", "  ", ", ,"))
        assert sentence == sentence.strip(" ,")
        assert sentence[:1] == sentence[:1].upper()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, ""),
        ({"sets_from": 1, "sets_to": 1, "reps_from": 8, "reps_to": 10}, "1 set of 8 to 10"),
        ({"sets_from": 2, "sets_to": 2, "reps_from": 5}, "2 sets of 5"),
        ({"duration_seconds": 300, "times": 2, "per": "day"}, "5 min, 2 times a day"),
        ({"duration_seconds": 600, "times": 1, "per": "day"}, "10 min, once a day"),
        ({"reps_from": 8, "side": "each_side"}, "8 repetitions on each side"),
        ({"reps_from": 8, "load_value": 2.5, "load_unit": "kg"}, "8 repetitions, with 2.5 kg"),
        ({"reps_from": 8, "load_value": 1, "load_unit": "band"}, "8 repetitions, with a band"),
        (
            {"reps_from": 5, "load_value": 80, "load_unit": "percent_1rm"},
            "5 repetitions, with 80% of the most you can lift once",
        ),
        (
            {"reps_from": 8, "load_value": 2, "load_unit": "rir"},
            "8 repetitions, stop while you could still do 2 more",
        ),
        (
            {"reps_from": 8, "load_value": 7, "load_unit": "rpe"},
            "8 repetitions, at an effort of 7 out of 10",
        ),
        (
            {"reps_from": 8, "tempo": "3-1-2-0"},
            "8 repetitions, lower for 3 s, pause 1 s, lift for 2 s",
        ),
        (
            {"sets_from": 2, "sets_to": 3, "duration_seconds": 45, "times": 3, "per": "week"},
            "2 to 3 rounds of 45 s, 3 days a week",
        ),
        (
            {"reps_from": 8, "times": 3, "non_consecutive": True, "weeks": 4},
            "8 repetitions, 3 non-consecutive days a week, for 4 weeks",
        ),
    ],
)
def test_a_dosage_reads_as_a_person_would_say_it(values: dict[str, Any], sentence: str) -> None:
    assert Dosage.from_mapping(values).sentence() == sentence


def test_the_limits_are_a_sentence_of_their_own() -> None:
    dosage = Dosage(effort_max=6, pain_max=0)

    assert dosage.limits() == "Effort up to 6 out of 10, discomfort up to 0 out of 10"


def spanish(**parts: Any) -> str:
    with override("es"):
        return Dosage(**parts).sentence()


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"sets_from": 1, "reps_from": 8, "reps_to": 10}, "1 serie de 8 a 10"),
        ({"sets_from": 2, "sets_to": 3, "reps_from": 8, "reps_to": 12}, "2 a 3 series de 8 a 12"),
        ({"reps_from": 10, "side": "each_side"}, "10 repeticiones de cada lado"),
        ({"reps_from": 10, "side": "alternating"}, "10 repeticiones alternando los lados"),
        ({"sets_from": 3}, "3 series"),
        ({"duration_seconds": 300, "times": 2, "per": "day"}, "5 min, 2 veces al día"),
        ({"duration_seconds": 100, "times": 1, "per": "day"}, "1 min 40 s, una vez al día"),
        ({"sets_from": 3, "duration_seconds": 30}, "3 rondas de 30 s"),
        (
            {"reps_from": 8, "hold_seconds": 5, "rest_seconds": 60},
            "8 repeticiones, mantén 5 s, descansa 1 min",
        ),
        ({"reps_from": 8, "load_value": 2.5, "load_unit": "kg"}, "8 repeticiones, con 2.5 kg"),
        ({"reps_from": 8, "load_unit": "band"}, "8 repeticiones, con una banda elástica"),
        (
            {"sets_from": 2, "times": 3, "non_consecutive": True},
            "2 series, 3 días no seguidos a la semana",
        ),
        ({"sets_from": 2, "times": 1}, "2 series, un día a la semana"),
        (
            {"sets_from": 2, "times": 5, "weeks": 1},
            "2 series, 5 días a la semana, durante una semana",
        ),
        ({"sets_from": 2, "weeks": 4}, "2 series, durante 4 semanas"),
    ],
)
def test_a_dosage_reads_as_a_spanish_sentence(parts: dict[str, Any], sentence: str) -> None:
    assert spanish(**parts) == sentence


def test_the_limits_are_spanish_too() -> None:
    with override("es"):
        limits = Dosage(effort_max=6, pain_max=3).limits()

    assert limits == "Esfuerzo de hasta 6 de 10, molestia de hasta 3 de 10"


@given(DOSAGES)
def test_no_english_is_left_in_a_spanish_dosage(values: dict[str, Any]) -> None:
    english = {"set", "sets", "repetitions", "hold", "rest", "with", "days", "weeks", "times", "to"}

    with override("es"):
        dosage = Dosage.from_mapping(values)
        said = f"{dosage.sentence()} {dosage.limits()}"

    assert not english & set(said.lower().replace(",", " ").split())
