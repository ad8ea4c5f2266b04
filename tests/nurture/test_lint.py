"""What a careful colleague says about a mail: errors that keep it back, hints that do not."""

from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from nurture.authoring.compile import read
from nurture.authoring.faults import CannotCompile, Weight
from nurture.models import Sequence
from tests.factories import (
    Child,
    callout,
    card,
    diagnosis_page,
    exercise_page,
    published_sequence,
    step,
    text,
)

pytestmark = pytest.mark.django_db

HARD = (
    "<p>Neuromuscular reeducation necessitates progressively differentiated stabilisation "
    "interventions, notwithstanding individually heterogeneous physiological preconditions, whose "
    "systematically documented periodisation characteristically facilitates considerable "
    "improvement of functional participation in rehabilitation environments everywhere.</p>"
)


def hints(*steps: Child) -> set[tuple[Any, ...]]:
    """The places of the hints of a sequence that goes out all the same."""
    published_sequence(steps=list(steps))
    faults = read(Sequence.objects.get()).faults
    return {fault.place for fault in faults if fault.weight is Weight.HINT}


@pytest.mark.parametrize(
    ("made", "place"),
    [
        (lambda: step(subject="Free miracle inside!!"), (0, "subject")),
        (
            lambda: step(subject="A line " * 12),
            (0, "subject"),
        ),
        (lambda: step(preheader=""), (0, "preheader")),
        (lambda: step(preheader="word " * 26), (0, "preheader")),
        (lambda: step(text(HARD * 2)), (0, "body", 0, "body")),
        (lambda: step(*(card(exercise_page()) for _n in range(5)), callout()), (0, "body")),
        (lambda: step(card(exercise_page()), callout()), (0, "body", 0, "exercise")),
    ],
    ids=["spam", "long", "no preheader", "long preheader", "hard", "many exercises", "unreviewed"],
)
def test_a_hint_stands_at_its_field_and_keeps_nothing_back(made: Any, place: Any) -> None:
    assert place in hints(made())


def test_a_plain_mail_gives_no_hint() -> None:
    assert hints(step()) == set()


def test_two_variables_at_once_are_hinted_at() -> None:
    page = exercise_page()
    first = {"sets_from": 2, "sets_to": 2, "reps_from": 8, "reps_to": 8}
    one = {**first, "reps_from": 10, "reps_to": 10}
    two = {**one, "sets_from": 3, "sets_to": 3, "hold_seconds": 5}

    def dosed(days: int, dosage: dict[str, int]) -> Child:
        item = {"type": "item", "id": str(uuid4()), "value": dosage}
        return step(card(page, dosage=[item]), callout(), wait_days=days)

    found = hints(dosed(0, first), dosed(7, one), dosed(7, two))

    assert (2, "body") in found
    assert (1, "body") not in found


def test_the_words_of_other_diagnoses_and_of_the_body_tell_as_well() -> None:
    diagnosis_page(title="Sciatica", slug="sciatica")
    exercise_page(joints=[{"type": "line", "value": "hip"}])

    with pytest.raises(CannotCompile) as caught:
        published_sequence(steps=[step(subject="For your sciatica and hips")])

    assert caught.value.faults[0].text.endswith("sciatica, hips")


def test_the_senders_name_must_not_tell_either(settings: Settings) -> None:
    settings.MAIL_FROM = "Pelvis Clinic <care@example.org>"

    with pytest.raises(CannotCompile, match="sender"):
        published_sequence(steps=1)


def test_an_exercise_without_a_word_on_when_to_stop_is_refused() -> None:
    page = exercise_page(stop_if=" ")

    with pytest.raises(CannotCompile, match="when to stop"):
        published_sequence(steps=[step(card(page))])
