"""What an answer does, what silence does, and that no programme runs in circles for ever."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.domain.feedback import (
    MOST_REPEATS,
    WARNING_SIGN,
    Action,
    Answer,
    BadRules,
    Because,
    Move,
    Rules,
    Silence,
    decide,
)

WEEK_1 = UUID(int=1)
EASY = Answer("too_easy", "Too easy", Action.ADVANCE)
HARD = Answer("too_hard", "Too hard", Action.REPEAT)
BACK = Answer("much_too_hard", "Much too hard", Action.STEP_BACK, to=WEEK_1)
HURTS = Answer("hurts_more", "It hurts more", Action.HOLD)
WARNING = Answer(WARNING_SIGN, "A warning sign", Action.STOP)
USUAL = (EASY, HARD, BACK, HURTS, WARNING)
RULES = Rules(USUAL, max_repeats=2)


@pytest.mark.parametrize("answer", USUAL)
def test_an_answer_does_what_the_editor_set(answer: Answer) -> None:
    move = decide(RULES, answer.key, repeats_so_far=0)

    assert move == Move(answer.does, Because.ANSWERED, answer.to)


@pytest.mark.parametrize("answer", [HARD, BACK])
def test_when_the_repeats_are_used_up_a_person_looks(answer: Answer) -> None:
    moves = [decide(RULES, answer.key, repeats_so_far=n).does for n in range(4)]

    assert moves == [answer.does, answer.does, Action.HOLD, Action.HOLD]


def test_a_warning_sign_stops_however_often_the_step_was_repeated() -> None:
    move = decide(RULES, WARNING_SIGN, repeats_so_far=MOST_REPEATS)

    assert move == Move(Action.STOP, Because.ANSWERED)


def test_silence_repeats_once_and_then_waits_for_a_person() -> None:
    moves = [decide(RULES, None, repeats_so_far=n) for n in range(3)]

    assert moves == [
        Move(Action.REPEAT, Because.SILENT),
        Move(Action.HOLD, Because.SILENT),
        Move(Action.HOLD, Because.SILENT),
    ]


def test_silence_leads_on_only_where_the_editor_said_so() -> None:
    rules = Rules(USUAL, silence=Silence.ADVANCE)

    move = decide(rules, None, repeats_so_far=0)

    assert move == Move(Action.ADVANCE, Because.SILENT)


def test_silence_repeats_nothing_where_nothing_may_be_repeated() -> None:
    move = decide(Rules(USUAL, max_repeats=0), None, repeats_so_far=0)

    assert move.does is Action.HOLD


def test_an_answer_that_the_mail_never_offered_moves_nobody() -> None:
    move = decide(RULES, "excellent", repeats_so_far=0)

    assert move == Move(Action.HOLD, Because.NO_SUCH_ANSWER)


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ((), "never ends"),
        ((HARD, WARNING), "never ends"),
        ((EASY, EASY), "the same"),
        ((EASY, Answer("back", "Back", Action.STEP_BACK)), "names the step"),
        ((EASY, Answer("on", "On", Action.ADVANCE, to=WEEK_1)), "names the step"),
        ((EASY, Answer(WARNING_SIGN, "Sign", Action.HOLD)), "warning sign"),
    ],
)
def test_rules_that_cannot_work_are_refused(answers: tuple[Answer, ...], why: str) -> None:
    with pytest.raises(BadRules, match=why):
        Rules(answers)


@pytest.mark.parametrize("repeats", [-1, MOST_REPEATS + 1])
def test_the_repeats_have_a_bound(repeats: int) -> None:
    with pytest.raises(BadRules) as caught:
        Rules(USUAL, max_repeats=repeats)

    assert caught.value.field == "max_repeats"


# ------------------------------------------------------------------ whatever the rules


@st.composite
def some_answers(draw: st.DrawFn) -> tuple[Answer, ...]:
    """Any answers that rules can have: one leads on, the others do anything."""
    keys = draw(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=5, unique=True))
    answers = []
    for position, key in enumerate(keys):
        does = draw(st.sampled_from(list(Action))) if position else Action.ADVANCE
        if key == WARNING_SIGN and does is not Action.STOP:
            continue
        to = draw(st.uuids()) if does is Action.STEP_BACK else None
        answers.append(Answer(key, draw(st.text(max_size=8)), does, to))
    return tuple(answers) or (EASY,)


all_rules = st.builds(
    Rules,
    answers=some_answers(),
    max_repeats=st.integers(0, MOST_REPEATS),
    silence=st.sampled_from(Silence),
    question=st.text(max_size=20),
    safety_text=st.text(max_size=20),
)


@given(all_rules)
def test_rules_survive_being_stored(rules: Rules) -> None:
    assert Rules.from_json(rules.as_json()) == rules


@given(all_rules, st.integers(0, 50))
def test_silence_never_goes_back_or_stops_and_leads_on_only_by_the_editors_word(
    rules: Rules, repeats: int
) -> None:
    move = decide(rules, None, repeats)

    assert move.does in {Action.ADVANCE, Action.REPEAT, Action.HOLD}
    assert (move.does is Action.ADVANCE) == (rules.silence is Silence.ADVANCE)


@given(all_rules, st.data())
def test_no_way_of_answering_sends_one_step_for_ever(rules: Rules, data: st.DataObject) -> None:
    answers = st.sampled_from([*(answer.key for answer in rules.answers), None])
    for repeats in range(MOST_REPEATS + 2):
        move = decide(rules, data.draw(answers), repeats)
        if move.does not in {Action.REPEAT, Action.STEP_BACK}:
            return

    raise AssertionError("it was sent again and again")


@given(all_rules, st.text(max_size=8) | st.none(), st.integers(0, 50))
def test_only_a_step_back_names_a_step(rules: Rules, answer: str | None, repeats: int) -> None:
    move = decide(rules, answer, repeats)

    assert (move.to is not None) == (move.does is Action.STEP_BACK)
