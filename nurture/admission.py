"""Letting people into sequences: by the rules of `domain.entry`, with an answer for whom they keep
out, and a row for the practice. Runs inside the caller's transaction.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from cms.contraindications import CONTRAINDICATIONS
from nurture import enrolment, plans
from nurture.blocks.planning import ANSWERS, DATES
from nurture.domain import entry
from nurture.domain.conditions import Language, WeeksSince
from nurture.domain.entry import Applicant, LastAnswer, NotDeclared, Rule
from nurture.models import CheckIn, Enrolment, Refusal, Sequence, Subscriber


def rules(sequence: Sequence) -> list[Rule]:
    """As the editor has published them."""
    return [READ[block.block_type](block.value) for block in sequence.entry]


READ: Mapping[str, Any] = {
    "language": lambda value: Language(
        frozenset(code.strip().casefold() for code in value["languages"].split(","))
    ),
    "weeks_since": lambda value: WeeksSince(
        value["date_name"], value["at_least"], value["less_than"]
    ),
    "not_declared": lambda value: NotDeclared(frozenset(value["tags"])),
    "last_answer": lambda value: LastAnswer(frozenset(value["answers"])),
}


def unmet(sequence: Sequence, subscriber: Subscriber, *, now: datetime) -> list[Rule]:
    """What keeps this person out at `now`; empty if nothing does."""
    found = rules(sequence)
    if not found:
        return []
    answers = CheckIn.objects.filter(message__subscriber=subscriber).order_by("-pk")
    applicant = Applicant(
        plans.facts(subscriber, now),
        frozenset(subscriber.tags),
        answers.values_list("answer", flat=True).first(),
    )
    return entry.unmet(found, applicant)


def admit(
    subscriber: Subscriber, sequence: Sequence, *, now: datetime, source: str
) -> Enrolment | None:
    """Start the programme, or note why it cannot start and answer None.

    A programme that runs already goes on running: nobody is put out by a rule for entering.
    """
    running = enrolment.running(subscriber, sequence)
    if running is not None:
        return running
    refused = unmet(sequence, subscriber, now=now)
    if refused:
        Refusal.objects.update_or_create(
            sequence=sequence,
            subscriber=subscriber,
            defaults={"rules": codes(refused), "source": source, "at": now},
        )
        return None
    Refusal.objects.filter(sequence=sequence, subscriber=subscriber).delete()
    return enrolment.enrol(subscriber, sequence, now=now)


def note_visitor(
    sequence: Sequence, refused: Collection[Rule], *, now: datetime, source: str
) -> None:
    """Somebody was told by the form. Nothing about the person is kept."""
    Refusal.objects.create(sequence=sequence, rules=codes(refused), source=source, at=now)


def codes(refused: Collection[Rule]) -> list[str]:
    return sorted({entry.kind(rule).value for rule in refused})


# ------------------------------------------------------------------ in the words of the person


def answer(refused: Collection[Rule]) -> str:
    """What somebody hears who does not fit: why, and where to ask."""
    said = [
        _("This programme does not fit you now."),
        *map(sentence, refused),
        _("Please ask your practice."),
    ]
    return " ".join(said)


def sentence(rule: Rule) -> str:
    """Whom the programme is for, by one rule."""
    match rule:
        case Language(among):
            names = ", ".join(language_name(code) for code in sorted(among))
            return _("It is for people who read: %(languages)s.") % {"languages": names}
        case WeeksSince():
            return weeks_sentence(rule)
        case NotDeclared(among):
            text = _("It is not for people to whom this applies: %(tags)s.")
            return text % {"tags": listed(CONTRAINDICATIONS, among)}
        case LastAnswer(among):
            text = _("It is for people whose last answer about a week was: %(answers)s.")
            return text % {"answers": listed(ANSWERS, among)}


def weeks_sentence(rule: WeeksSince) -> str:
    low, high = rule.at_least, rule.less_than
    if low is not None and high is not None:
        text = _("It begins between %(low)d and %(high)d weeks after this date: %(date)s.")
    elif low is not None:
        text = _("It begins %(low)d weeks or more after this date: %(date)s.")
    elif high is not None:
        text = _("It begins fewer than %(high)d weeks after this date: %(date)s.")
    else:
        text = _("It needs this date: %(date)s.")
    return text % {"low": low, "high": high, "date": listed(DATES, [rule.date_name])}


def language_name(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def listed(labels: Collection[tuple[str, Any]], keys: Collection[str]) -> str:
    return ", ".join(str(label) for key, label in labels if key in keys)
