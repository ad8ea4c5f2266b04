"""When so many complain, or so many addresses do not exist, that it is better to stop and look."""

from dataclasses import dataclass

from nurture.domain.states import Halted

FEWEST_MAILS = 100  # of fewer one cannot tell


@dataclass(frozen=True, slots=True)
class Limits:
    """In percent of the mails; 0 never stops."""

    complaints: float
    bounces: float


@dataclass(frozen=True, slots=True)
class Counts:
    mails: int = 0
    complaints: int = 0
    bounces: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.mails + other.mails,
            self.complaints + other.complaints,
            self.bounces + other.bounces,
        )


def judge(counts: Counts, limits: Limits) -> tuple[Halted, int] | None:
    """Why to stop, with the number that was too high; None if all is well."""
    if counts.mails < FEWEST_MAILS:
        return None
    for why, bad, percent in (
        (Halted.COMPLAINTS, counts.complaints, limits.complaints),
        (Halted.BOUNCES, counts.bounces, limits.bounces),
    ):
        if percent and bad * 100 > counts.mails * percent:
            return why, bad
    return None
