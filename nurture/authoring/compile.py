"""From what an editor wrote to what a person can be sent: one immutable version per step.

Compiling happens at publish, inside its transaction; sending is a substitution into the result.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from html import unescape
from typing import Any

import mrml
import nh3
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override
from wagtail.rich_text import RichText

from cms import public
from cms.dosage import Dosage
from nurture.authoring import plain, planned
from nurture.authoring.faults import CannotCompile, Fault, Place
from nurture.authoring.planned import Planned
from nurture.domain import personalise, wording
from nurture.models import Sequence

TAGS = {"a", "b", "br", "em", "i", "li", "ol", "p", "strong", "ul"}
# Gmail cuts a mail off at 102 kB, and with it the way to unsubscribe.
MAXIMUM_HTML_BYTES = 100_000
# The library knows where some fonts live and would load them from there, in every mail.
NO_WEB_FONTS = mrml.RenderOptions(fonts={})


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledStep:
    """A step as it will be sent, with merge fields still in it."""

    plan: Planned
    subject: str
    preheader: str
    html: str
    text: str
    page_revisions: dict[str, int | None]

    @property
    def fingerprint(self) -> str:
        """Equal for equal content, so that publishing without a change makes no new version."""
        rules = json.dumps(self.checkin, sort_keys=True)
        parts = (self.subject, self.preheader, self.html, self.text, rules)
        return sha256("\x00".join(parts).encode()).hexdigest()

    @property
    def checkin(self) -> dict[str, Any]:
        return self.plan.rules.as_json() if self.plan.rules else {}


@dataclass(frozen=True, slots=True)
class Card:
    """An exercise as one mail shows it."""

    exercise: public.Exercise
    dosage: Dosage
    note: str

    @property
    def url(self) -> str:
        """An opaque address: what a person does for their health shows in no link."""
        return f"{settings.SITE_URL}/p/{self.exercise.key}/"

    @property
    def picture_url(self) -> str:
        picture = self.exercise.picture
        return f"{settings.SITE_URL}{picture.path}" if picture else ""


def compile_sequence(sequence: Sequence) -> list[CompiledStep]:
    """All steps in order. Raises `CannotCompile` with every fault that can be told."""
    names = wording.vocabulary(public.diagnosis_names(sequence.diagnosis_id))
    faults = [
        *planned.faults(sequence.steps, asked=frozenset(sequence.asks)),
        *wording_faults(sequence.steps, names),
    ]
    if faults:
        raise CannotCompile(faults)
    with override(sequence.locale.language_code):
        plan = plan_of(sequence)
        return [
            compile_step(sequence, number, child.value, plan[number])
            for number, child in enumerate(sequence.steps)
        ]


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


def compile_step(sequence: Sequence, number: int, value: Any, plan: Planned) -> CompiledStep:
    blocks = [block_of(block, (number, "body", at)) for at, block in enumerate(value["body"])]
    context = {
        "subject": value["subject"],
        "preheader": value["preheader"],
        "blocks": blocks,
        "notice": sequence.notice,
        "merge": {name: f"{{{{{name}}}}}" for name in personalise.SYSTEM_FIELDS},
        "practice_name": settings.PRACTICE_NAME,
        "practice_address": settings.PRACTICE_ADDRESS,
        "language": sequence.locale.language_code,
    }
    return CompiledStep(
        plan=plan,
        subject=value["subject"],
        preheader=value["preheader"],
        html=html_of(context, number),
        text=plain.lay_out(context),
        page_revisions={
            str(block["card"].exercise.page_id): block["card"].exercise.revision_id
            for block in blocks
            if "card" in block
        },
    )


def wording_faults(steps: Any, names: frozenset[str]) -> Iterator[Fault]:
    """What keeps the words from going out, in the editor's own."""
    for number, child in enumerate(steps):
        for field in ("subject", "preheader"):
            telling = wording.telling(child.value[field], names)
            if telling:
                text = _("the %(field)s tells the diagnosis: %(words)s") % {
                    "field": field,
                    "words": ", ".join(telling),
                }
                yield Fault((number, field), text)
        for place, text in texts_in(child.value):
            try:
                personalise.check(text)
            except personalise.UnknownField as error:
                yield Fault((number, *place), str(error))


def texts_in(value: Any) -> Iterator[tuple[Place, str]]:
    yield ("subject",), value["subject"]
    yield ("preheader",), value["preheader"]
    for at, block in enumerate(value["body"]):
        for name, text in block.value.items():
            if isinstance(text, RichText):
                # A brace may be written as an entity, and is a brace again in what is sent.
                yield ("body", at, name), unescape(text.source)
            elif isinstance(text, str):
                yield ("body", at, name), text


def block_of(block: Any, place: Place) -> dict[str, Any]:
    """A block as the templates take it: plain values, HTML cleaned to what mail clients keep."""
    value = block.value
    match block.block_type:
        case "exercise":
            return {"type": "exercise", "card": card_of(value, place)}
        case "checkin":
            return {"type": "checkin", "question": value["question"]}
    return {
        "type": block.block_type,
        "heading": value["heading"] if block.block_type == "text" else value["title"],
        "tone": value.get("tone", ""),
        "html": nh3.clean(public.html(value["body"].source), tags=TAGS, attributes={"a": {"href"}}),
    }


def card_of(value: Any, place: Place) -> Card:
    here = (*place, "exercise")
    if value["exercise"] is None:
        raise CannotCompile([Fault(here, _("An exercise was removed; choose another one."))])
    try:
        exercise = public.exercise(value["exercise"].pk)
    except public.Unavailable as error:
        raise CannotCompile([Fault(here, str(error))]) from None
    changed = {
        key: field
        for override_value in value["dosage"]
        for key, field in override_value.items()
        if field not in (None, "", False)
    }
    # How many weeks an exercise lasts is for its page: here the programme says what comes next.
    dosage = {**asdict(exercise.dosage), "weeks": None, **changed}
    return Card(exercise, Dosage.from_mapping(dosage), value["note"])


def html_of(context: dict[str, Any], number: int) -> str:
    try:
        output = mrml.to_html(
            render_to_string("nurture/mail/step.mjml", context), render_options=NO_WEB_FONTS
        )
    except OSError as error:  # what the library raises for markup that it cannot parse
        raise CannotCompile([Fault((number, "body"), str(error))]) from None
    html = str(output.content)
    if len(html.encode()) > MAXIMUM_HTML_BYTES:
        text = _("this mail is longer than mail programs show; split it")
        raise CannotCompile([Fault((number, "body"), text)])
    return html
