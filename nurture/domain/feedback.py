"""What an answer does to a programme: a question in the mail, and the editor's rules for it.

The rules travel with the version of the mail that asked (`StepVersion.checkin`): whoever answers an
old mail is treated by what that mail promised. Silence is an answer too, and it never moves a
painful body forward where the editor marked the step as load-bearing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

MOST_REPEATS = 8


class Action(StrEnum):
    ADVANCE = "advance"
    REPEAT = "repeat"
    STEP_BACK = "step_back"
    HOLD = "hold"
    STOP = "stop"


class Silence(StrEnum):
    """What happens when the next mail is due and nobody has answered."""

    REPEAT_ONCE_THEN_HOLD = "repeat_once_then_hold"
    ADVANCE = "advance"


class Because(StrEnum):
    """Why a move is what it is. A code, so that it can be stored and counted."""

    ANSWERED = "answered"
    SILENT = "silent"
    REPEATED_ENOUGH = "repeated_enough"
    NO_SUCH_ANSWER = "no_such_answer"


AGAIN = frozenset({Action.REPEAT, Action.STEP_BACK})
WARNING_SIGN = "warning_sign"


class BadRules(ValueError):
    """Rules that no programme can follow. `field` is the place, as the editor's form calls it."""

    def __init__(self, field: str, text: str) -> None:
        self.field = field
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing that a person can say with one tap. `to` is the key of a step, for a step back."""

    key: str
    label: str
    does: Action
    to: UUID | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """What happens to the enrolment. `to` is the step to go back to, only for a step back."""

    does: Action
    because: Because
    to: UUID | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """A check-in as one mail asked it. Raises `BadRules` for what could never work."""

    answers: tuple[Answer, ...]
    max_repeats: int = 2
    silence: Silence = Silence.REPEAT_ONCE_THEN_HOLD
    question: str = ""
    safety_text: str = ""

    def __post_init__(self) -> None:
        keys = [answer.key for answer in self.answers]
        if len(set(keys)) != len(keys):
            raise BadRules("answers", "Two answers are the same.")
        if not any(answer.does is Action.ADVANCE for answer in self.answers):
            raise BadRules("answers", "No answer leads on: this would be a loop that never ends.")
        if any(
            (answer.does is Action.STEP_BACK) != (answer.to is not None) for answer in self.answers
        ):
            raise BadRules("answers", "A step back, and nothing else, names the step to go to.")
        if any(
            answer.key == WARNING_SIGN and answer.does is not Action.STOP for answer in self.answers
        ):
            raise BadRules("answers", "A warning sign stops the programme, whatever else happens.")
        if not 0 <= self.max_repeats <= MOST_REPEATS:
            raise BadRules("max_repeats", f"Between 0 and {MOST_REPEATS} repeats.")

    def answer(self, key: str) -> Answer | None:
        return next((answer for answer in self.answers if answer.key == key), None)

    def as_json(self) -> dict[str, Any]:
        """Plain values, the same for the same rules. `from_json` gives the rules back."""
        return {
            "answers": [
                {
                    "key": answer.key,
                    "label": answer.label,
                    "does": answer.does.value,
                    "to": str(answer.to) if answer.to else None,
                }
                for answer in self.answers
            ],
            "max_repeats": self.max_repeats,
            "silence": self.silence.value,
            "question": self.question,
            "safety_text": self.safety_text,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises `KeyError` or `ValueError` for anything that `as_json` did not write."""
        return cls(
            answers=tuple(
                Answer(
                    key=answer["key"],
                    label=answer["label"],
                    does=Action(answer["does"]),
                    to=UUID(answer["to"]) if answer["to"] else None,
                )
                for answer in data["answers"]
            ),
            max_repeats=data["max_repeats"],
            silence=Silence(data["silence"]),
            question=data["question"],
            safety_text=data["safety_text"],
        )


def decide(rules: Rules, answer: str | None, repeats_so_far: int) -> Move:
    """The move for an answer's key, or for silence (None).

    `repeats_so_far`: how many times this person has had the asking step in this enrolment beyond
    the first, whoever asked for it. When they are used up, what would send the step again (a step
    back comes by it again, too) holds the programme for a person to look at.
    """
    if answer is None:
        return silent(rules, repeats_so_far)
    chosen = rules.answer(answer)
    if chosen is None:
        return Move(Action.HOLD, Because.NO_SUCH_ANSWER)
    if chosen.does in AGAIN and repeats_so_far >= rules.max_repeats:
        return Move(Action.HOLD, Because.REPEATED_ENOUGH)
    return Move(chosen.does, Because.ANSWERED, chosen.to)


def silent(rules: Rules, repeats_so_far: int) -> Move:
    if rules.silence is Silence.ADVANCE:
        return Move(Action.ADVANCE, Because.SILENT)
    if repeats_so_far < min(1, rules.max_repeats):
        return Move(Action.REPEAT, Because.SILENT)
    return Move(Action.HOLD, Because.SILENT)
