"""From what an editor wrote to what a person can be sent: one immutable version per step.

Compiling happens at publish, inside its transaction; sending is a substitution into the result.
"""

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.utils.translation import override

from nurture.authoring import lint, planned, rendering, translated
from nurture.authoring.faults import CannotCompile, Fault, Weight, besides
from nurture.authoring.pieces import Found, piece
from nurture.authoring.planned import Planned
from nurture.domain import alternatives
from nurture.models import MailSettings, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledStep:
    """A step as it will be sent, with merge fields still in it."""

    plan: Planned
    subject: str
    preheader: str
    html: str
    text: str
    found: Found = field(repr=False)
    variants: dict[str, tuple[str, str]] = field(default_factory=dict)  # HTML and text by choice

    @property
    def fingerprint(self) -> str:
        """Equal for equal content, so that publishing without a change makes no new version."""
        data = json.dumps([self.checkin, self.slots, self.variants], sort_keys=True)
        parts = (self.subject, self.preheader, self.html, self.text, data)
        return sha256("\x00".join(parts).encode()).hexdigest()

    @property
    def checkin(self) -> dict[str, Any]:
        return self.plan.rules.as_json() if self.plan.rules else {}

    @property
    def slots(self) -> list[list[dict[str, Any]]]:
        """What could stand where; empty if everything is for everybody."""
        slots = self.found.slots
        if not any(option.not_for for slot in slots for option in slot):
            return []
        return [[option.as_json() for option in slot] for slot in slots]


def compile_sequence(sequence: Sequence) -> list[CompiledStep]:
    """All steps in order. Raises `CannotCompile` with every fault that can be told."""
    with override(sequence.locale.language_code):
        reading = read(sequence)
        if reading.errors:
            raise CannotCompile(reading.errors)
        plan = plan_of(sequence)
        return [compile_step(reading, number, plan[number]) for number in range(len(plan))]


@dataclass(frozen=True, slots=True)
class Reading:
    """A sequence with its blocks taken in, and everything that is to be said about it."""

    sequence: Sequence
    mail: MailSettings
    pieces: list[list[dict[str, Any]]]
    found: list[Found]
    faults: list[Fault]

    @property
    def errors(self) -> list[Fault]:
        return [fault for fault in self.faults if fault.weight is Weight.ERROR]


def read(sequence: Sequence) -> Reading:
    """Errors and hints, in the order of the steps. Call it in the sequence's language."""
    found = [Found() for _child in sequence.steps]
    pieces = [
        [piece(block, (number, "body", at), found[number]) for at, block in enumerate(body)]
        for number, body in enumerate(child.value["body"] for child in sequence.steps)
    ]
    faults = [
        *planned.faults(sequence.steps, asked=frozenset(sequence.asks)),
        *(fault for one in found for fault in one.faults),
        *lint.faults(sequence, pieces),
    ]
    source = source_of(sequence)
    if source.pk != sequence.pk:
        faults += translated.faults(sequence.steps, source.steps)
    faults = besides(faults, planned.form_faults(sequence.steps))
    faults.sort(key=lambda fault: int(fault.place[0]))
    return Reading(sequence, MailSettings.load(), pieces, found, faults)


def plan_of(sequence: Sequence) -> list[Planned]:
    """The plan in the order of the steps. A translation only puts it into its own words."""
    own = planned.plan(sequence.steps)
    source = source_of(sequence)
    if source.pk == sequence.pk:
        return own
    plans = {step.key: step for step in planned.plan(source.steps)}
    return [planned.by_the_source(step, plans.get(step.key)) for step in own]


def source_of(sequence: Sequence) -> Sequence:
    """The sequence that people are enrolled in. A translation only adds versions to it."""
    family = Sequence.objects.filter(translation_key=sequence.translation_key).order_by("pk")
    return family.first() or sequence


def plan_of_one(sequence: Sequence, number: int) -> Planned:
    """As `plan_of`, for one step, whatever is wrong with the others."""
    key = UUID(str(sequence.steps[number].id))
    own, source = planned.plan_of_one(sequence.steps, key), source_of(sequence)
    if own is None:
        raise KeyError(key)
    if source.pk == sequence.pk:
        return own
    return planned.by_the_source(own, planned.plan_of_one(source.steps, key))


def compile_step(reading: Reading, number: int, plan: Planned) -> CompiledStep:
    """One step. Raises `CannotCompile` for one that no mail program would show."""
    value, found = reading.sequence.steps[number].value, reading.found[number]
    context = rendering.context(
        subject=value["subject"],
        preheader=value["preheader"],
        notice=reading.sequence.notice,
        language=reading.sequence.locale.language_code,
        mail=reading.mail,
    )
    made = {}
    for choice in alternatives.reachable(found.slots):
        pieces = rendering.with_choice(with_answers(reading.pieces[number], plan), choice)
        values = {**context, "blocks": pieces}
        try:
            made[alternatives.key(choice)] = (rendering.html(values), rendering.text(values))
        except (rendering.TooLong, rendering.Broken) as error:
            raise CannotCompile([Fault((number, "body"), str(error))]) from None
    html, text = made.pop("")
    return CompiledStep(
        plan=plan,
        subject=value["subject"],
        preheader=value["preheader"],
        html=html,
        text=text,
        found=found,
        variants=made,
    )


def with_answers(pieces: list[dict[str, Any]], plan: Planned) -> list[dict[str, Any]]:
    """The pieces with the buttons of the check-in: one link for each answer, in order."""
    if plan.rules is None:
        return pieces
    answers = [
        {"label": answer.label, "key": answer.key, "url": f"{{{{checkin_url_{number}}}}}"}
        for number, answer in enumerate(plan.rules.answers, start=1)
    ]
    return [{**one, "answers": answers} if one["type"] == "checkin" else one for one in pieces]
