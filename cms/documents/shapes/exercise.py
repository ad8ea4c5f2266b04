from typing import Literal

from cms.documents.shapes.base import Shape, Text

Kind = Literal[
    "strength",
    "mobility",
    "stretch",
    "balance",
    "aerobic",
    "neuromotor",
    "isometric",
    "breathing",
]
Level = Literal["beginner", "intermediate", "advanced"]
Laterality = Literal["both", "each_side", "alternating"]
Position = Literal["lying", "side_lying", "kneeling", "hands_and_knees", "sitting", "standing"]


class Dosage(Shape):
    """How much and how often: a sentence for people, and the numbers behind it.

    Ranges include both ends, times are in seconds, effort and pain are ceilings from 0 to 10.
    A load is in kg or lb, a band, a share of the most one can lift once (percent_1rm), repetitions
    left in reserve (rir) or an effort (rpe). A tempo is "down-pause-up-pause", or empty.
    """

    sentence: Text
    limits: Text
    sets_from: int | None
    sets_to: int | None
    reps_from: int | None
    reps_to: int | None
    hold_seconds: int | None
    duration_seconds: int | None
    rest_seconds: int | None
    side: Literal["both", "each_side", "alternating"]
    load_value: float | None
    load_unit: Literal["kg", "lb", "band", "percent_1rm", "rir", "rpe", ""]
    tempo: str
    effort_max: int | None
    pain_max: int | None
    times: int | None
    per: Literal["day", "week"]
    non_consecutive: bool
    weeks: int | None


class ExerciseLabels(Shape):
    """The choices in the language of the document."""

    kind: Text
    level: Text
    position: Text
    laterality: Text
