"""What a careful colleague would say about the wording of a mail: hints, and errors where it harms.

The words that tell a diagnosis are the content's own: what its diagnoses, synonyms, regions and
joints are called in this language.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from email.utils import parseaddr
from html import unescape
from itertools import chain
from typing import Any

from django.conf import settings
from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from wagtail.rich_text import RichText

from cms import public
from cms.dosage import Dosage
from cms.review import Status
from nurture.authoring.faults import Fault, Place, Weight
from nurture.domain import personalise, wording
from nurture.models import Sequence

LONGEST_SUBJECT = 60
LONGEST_PREHEADER = 110
HIGHEST_GRADE = 8
MOST_EXERCISES = 4
SHORTEST_JOINT = 3
# What is progressed together as one thing: the two ends of a range are one variable.
VARIABLES = {
    "sets": ("sets_from", "sets_to"),
    "repetitions": ("reps_from", "reps_to"),
    "hold": ("hold_seconds",),
    "duration": ("duration_seconds",),
    "load": ("load_value", "load_unit"),
    "how often": ("times", "per"),
}
Pieces = list[list[dict[str, Any]]]


def faults(sequence: Sequence, pieces: Pieces) -> Iterator[Fault]:
    """Everything about the words of all steps. `pieces`: their blocks as they were read."""
    words = telling_words(sequence)
    language = sequence.locale.language_code
    yield from sender_faults(words)
    cards = [[card for one in step for card in one.get("cards", ())[:1]] for step in pieces]
    states = public.review_states({card.exercise.page_id for card in chain(*cards)})
    before: Mapping[int, Dosage] = {}
    for number, child in enumerate(sequence.steps):
        yield from private_faults(number, child.value, words)
        yield from line_hints(number, child.value, language)
        yield from merge_faults(number, child.value)
        yield from reading_hints(number, child.value, language)
        yield from exercise_faults(number, child.value, pieces[number], states)
        now = {card.exercise.page_id: card.dosage for card in cards[number]}
        yield from progress_hints(number, before, now)
        before = {**before, **now}


def hint(place: Place, text: str) -> Fault:
    return Fault(place, text, Weight.HINT)


def telling_words(sequence: Sequence) -> frozenset[str]:
    names, parts = public.health_names(sequence.locale_id)
    own = public.diagnosis_names(sequence.diagnosis_id)
    return wording.vocabulary([*names, *own]) | wording.vocabulary(parts, shortest=SHORTEST_JOINT)


def sender_faults(words: frozenset[str]) -> Iterator[Fault]:
    telling = wording.telling(parseaddr(settings.MAIL_FROM)[0], words)
    if telling:
        text = _("the sender's name tells the diagnosis: %(words)s; an administrator can change it")
        yield Fault((0, "subject"), text % {"words": ", ".join(telling)})


def private_faults(number: int, value: Any, words: frozenset[str]) -> Iterator[Fault]:
    names = {"subject": _("subject"), "preheader": _("preheader")}
    for name, label in names.items():
        telling = wording.telling(value[name] or "", words)
        if telling:
            text = _("the %(field)s tells the diagnosis: %(words)s")
            yield Fault((number, name), text % {"field": label, "words": ", ".join(telling)})


def line_hints(number: int, value: Any, language: str) -> Iterator[Fault]:
    subject, preheader = value["subject"] or "", value["preheader"] or ""
    if not subject.strip():
        yield Fault((number, "subject"), _("a mail needs a subject"))
    if len(subject) > LONGEST_SUBJECT:
        text = _("phones cut a subject off after about %(count)d letters")
        yield hint((number, "subject"), text % {"count": LONGEST_SUBJECT})
    spam = wording.spammy(subject, language)
    if spam:
        text = _("spam filters dislike: %(words)s")
        yield hint((number, "subject"), text % {"words": ", ".join(spam)})
    if not preheader.strip():
        text = _("without a preheader, the inbox shows the first words of the mail")
        yield hint((number, "preheader"), text)
    if len(preheader) > LONGEST_PREHEADER:
        text = _("inboxes cut a preheader off after about %(count)d letters")
        yield hint((number, "preheader"), text % {"count": LONGEST_PREHEADER})


def merge_faults(number: int, value: Any) -> Iterator[Fault]:
    for place, text in texts(value):
        try:
            personalise.check(text)
        except personalise.UnknownField as error:
            yield Fault((number, *place), str(error))


def texts(value: Any) -> Iterator[tuple[Place, str]]:
    """Everything in a step that people read, with its place."""
    yield ("subject",), value["subject"] or ""
    yield ("preheader",), value["preheader"] or ""
    for at, block in enumerate(value["body"]):
        for name, text in (block.value or {}).items() if block.value else ():
            if isinstance(text, RichText):
                # A brace may be written as an entity, and is a brace again in what is sent.
                yield ("body", at, name), unescape(text.source)
            elif isinstance(text, str):
                yield ("body", at, name), text


def reading_hints(number: int, value: Any, language: str) -> Iterator[Fault]:
    """Only English: the formula was made for it."""
    if not language.startswith("en"):
        return
    for at, block in enumerate(value["body"]):
        if block.block_type in {"text", "callout"}:
            plain = strip_tags(block.value["body"].source.replace("</", ". </"))
            grade = wording.grade(unescape(plain))
            if grade is not None and grade > HIGHEST_GRADE:
                text = _("hard to read: school grade %(grade)d; aim at %(goal)d or less")
                words = {"grade": round(grade), "goal": HIGHEST_GRADE}
                yield hint((number, "body", at, "body"), text % words)


def exercise_faults(
    number: int, value: Any, pieces: list[dict[str, Any]], states: Mapping[int, str]
) -> Iterator[Fault]:
    shown = [(at, one["cards"][0]) for at, one in enumerate(pieces) if "cards" in one]
    warned = any(
        block.block_type == "red_flags"
        or (block.block_type == "callout" and block.value["tone"] == "stop")
        for block in value["body"]
    )
    if len(shown) > MOST_EXERCISES:
        text = _("people keep up two to four exercises at a time; these are %(count)d")
        yield hint((number, "body"), text % {"count": len(shown)})
    for at, card in shown:
        place = (number, "body", at, "exercise")
        if not warned and not card.exercise.stop_if.strip():
            yield Fault(place, _("nothing says when to stop: add red flags, or a stop callout"))
        state = states.get(card.exercise.page_id, Status.NEVER)
        if state in {Status.OVERDUE, Status.CHANGED}:
            yield Fault(place, _("this exercise is out of clinical review; have it reviewed first"))
        elif state == Status.NEVER:
            yield hint(place, _("no clinician has reviewed this exercise yet"))


def progress_hints(
    number: int, before: Mapping[int, Dosage], now: Mapping[int, Dosage]
) -> Iterator[Fault]:
    changed = {
        name
        for page_id in before.keys() & now.keys()
        for name in changes(before[page_id], now[page_id])
    }
    if len(changed) > 1:
        text = _("more than one thing is progressed at once: %(what)s")
        yield hint((number, "body"), text % {"what": ", ".join(sorted(changed))})


def changes(before: Dosage, now: Dosage) -> Iterator[str]:
    old, new = asdict(before), asdict(now)
    for name, fields in VARIABLES.items():
        if any(old[field] != new[field] for field in fields):
            yield name
