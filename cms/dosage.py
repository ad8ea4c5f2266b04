"""How much of an exercise: a value with units, and the one sentence that says it.

Page, mail, API and text part all read `Dosage.sentence()`, so a dosage never has two wordings.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MINUTE = 60
SAID_IN_SECONDS = {90}  # nobody says 1 min 30 s for a plank
# The four counts of a tempo, in the order in which trainers write them.
LOWERED, PAUSED, LIFTED, HELD = range(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dosage:
    """Ranges are inclusive; times are in seconds; effort and pain are ceilings from 0 to 10.

    A load is in kg or lb, a band, a share of the one-repetition maximum (percent_1rm), repetitions
    left in reserve (rir) or an effort (rpe). A tempo is "down-pause-up-pause", such as 3-1-1-0.
    """

    sets_from: int | None = None
    sets_to: int | None = None
    reps_from: int | None = None
    reps_to: int | None = None
    hold_seconds: int | None = None
    duration_seconds: int | None = None
    rest_seconds: int | None = None
    side: str = "both"
    load_value: float | None = None
    load_unit: str = ""
    tempo: str = ""
    effort_max: int | None = None
    pain_max: int | None = None
    times: int | None = None
    per: str = "week"
    non_consecutive: bool = False
    weeks: int | None = None

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> "Dosage":
        """Take what is known from a stored block; absent and empty values fall to the default."""
        names = {field.name for field in fields(cls)}
        return cls(**{k: v for k, v in values.items() if k in names and v not in (None, "")})

    def sentence(self) -> str:
        """For example "3 sets of 8 to 12 on each side, hold 5 s, 3 non-consecutive days a week"."""
        amount = " ".join(filled([self.amount(), self._side()]))
        sentence = ", ".join(filled([amount, *self._details(), self.frequency(), self._weeks()]))
        return sentence[:1].upper() + sentence[1:]

    def limits(self) -> str:
        """The ceilings as a sentence of their own, empty if there are none."""
        parts = []
        if self.effort_max is not None:
            parts.append(_("effort up to %(n)s out of 10") % {"n": self.effort_max})
        if self.pain_max is not None:
            parts.append(_("discomfort up to %(n)s out of 10") % {"n": self.pain_max})
        sentence = ", ".join(parts)
        return sentence[:1].upper() + sentence[1:]

    def amount(self) -> str:
        """How much at a time: "3 sets of 8 to 12", "5 min"."""
        sets = span(self.sets_from, self.sets_to)
        reps = span(self.reps_from, self.reps_to)
        if sets and reps:
            count = self.sets_to or self.sets_from or 0
            return ngettext("%(sets)s set of %(reps)s", "%(sets)s sets of %(reps)s", count) % {
                "sets": sets,
                "reps": reps,
            }
        if reps:
            return _("%(reps)s repetitions") % {"reps": reps}
        if self.duration_seconds and sets and sets != "1":
            return _("%(sets)s rounds of %(time)s") % {
                "sets": sets,
                "time": length(self.duration_seconds),
            }
        if self.duration_seconds:
            return length(self.duration_seconds)
        return sets and _("%(sets)s sets") % {"sets": sets}

    def _side(self) -> str:
        if self.side == "each_side":
            return _("on each side")
        return _("alternating sides") if self.side == "alternating" else ""

    def _details(self) -> Iterable[str]:
        if self.hold_seconds:
            yield _("hold %(n)s s") % {"n": self.hold_seconds}
        if self.duration_seconds and self.reps_from:
            yield _("for %(time)s") % {"time": length(self.duration_seconds)}
        yield self._load()
        yield from self._tempo()
        if self.rest_seconds:
            yield _("rest %(time)s") % {"time": length(self.rest_seconds)}

    def _load(self) -> str:
        n = f"{self.load_value:g}" if self.load_value is not None else ""
        match self.load_unit:
            case "band":
                return _("with a band")
            case "percent_1rm" if n:
                return _("with %(n)s%% of the most you can lift once") % {"n": n}
            case "rir" if n:
                return ngettext(
                    "stop while you could still do %(n)s more",
                    "stop while you could still do %(n)s more",
                    int(self.load_value or 0),
                ) % {"n": n}
            case "rpe" if n:
                return _("at an effort of %(n)s out of 10") % {"n": n}
        if not n or not self.load_unit:
            return ""
        return _("with %(n)s %(unit)s") % {"n": n, "unit": self.load_unit}

    def _tempo(self) -> Iterable[str]:
        """A count of nought is not worth a word."""
        counts = [int(count) for count in self.tempo.split("-") if count.isdigit()]
        said = {
            LOWERED: _("lower for %(n)s s"),
            PAUSED: _("pause %(n)s s"),
            LIFTED: _("lift for %(n)s s"),
            HELD: _("pause %(n)s s at the top"),
        }
        return [said[place] % {"n": count} for place, count in enumerate(counts[:4]) if count]

    def frequency(self) -> str:
        """How often: "3 days a week"."""
        if not self.times:
            return ""
        if self.per == "day":
            return ngettext("once a day", "%(n)s times a day", self.times) % {"n": self.times}
        if self.non_consecutive and self.times > 1:
            return _("%(n)s non-consecutive days a week") % {"n": self.times}
        return ngettext("one day a week", "%(n)s days a week", self.times) % {"n": self.times}

    def _weeks(self) -> str:
        if not self.weeks:
            return ""
        return ngettext("for one week", "for %(n)s weeks", self.weeks) % {"n": self.weeks}


def span(low: int | None, high: int | None) -> str:
    """A range in words: "8 to 12", "3", or nothing."""
    if low and high and low != high:
        return _("%(low)s to %(high)s") % {"low": low, "high": high}
    return str(low or high or "")


def length(seconds: int) -> str:
    """A time in the unit that a person would use: "45 s", "5 min", "1 min 30 s"."""
    minutes, rest = divmod(seconds, MINUTE)
    if not minutes or seconds in SAID_IN_SECONDS:
        return _("%(n)s s") % {"n": seconds}
    if rest:
        return _("%(m)s min %(s)s s") % {"m": minutes, "s": rest}
    return _("%(n)s min") % {"n": minutes}


def filled(parts: Iterable[str]) -> list[str]:
    return [part for part in parts if part]
