"""What something that happened means for a programme: its goal, its early end, or nothing.

Goal and end are two questions. A goal is counted whatever follows; only what the editor ticked as
an end stops the mails, so that reaching a goal never cuts a programme short by surprise.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from nurture.domain.states import Reason


class Happened(StrEnum):
    """Everything that can end a programme early, or be its goal."""

    BOOKED = "booked"
    ATTENDED = "attended"
    DISCHARGED = "discharged"
    CHANGED_DIAGNOSIS = "changed_diagnosis"
    FINISHED_ANOTHER = "finished_another"
    FINISHED = "finished"


ENDS_AS = {
    Happened.CHANGED_DIAGNOSIS: Reason.CHANGED_DIAGNOSIS,
    Happened.FINISHED_ANOTHER: Reason.FINISHED_ANOTHER,
}


@dataclass(frozen=True, slots=True)
class Effect:
    """`ends` is the reason with which the programme stops; None lets it go on."""

    reached: bool
    ends: Reason | None


def effect(event: Happened, *, exit_on: Collection[str], goal: str) -> Effect:
    """What this event does to a programme that is underway."""
    reached = event.value == goal
    if event.value not in exit_on:
        return Effect(reached, None)
    if reached:
        return Effect(reached, Reason.GOAL_REACHED)
    return Effect(reached, ENDS_AS.get(event, Reason.OUTSIDE_EVENT))
