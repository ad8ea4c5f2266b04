"""From what an editor wrote to what a person can be sent: one immutable version per step.

Compiling happens at publish, inside its transaction; sending is a substitution into the result.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from html import unescape
from typing import Any
from uuid import UUID

import mrml
import nh3
from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from cms import public
from cms.dosage import Dosage
from nurture.authoring import plain
from nurture.domain import personalise, wording
from nurture.models import Sequence

TAGS = {"a", "b", "br", "em", "i", "li", "ol", "p", "strong", "ul"}
# Gmail cuts a mail off at 102 kB, and with it the way to unsubscribe.
MAXIMUM_HTML_BYTES = 100_000
# The library knows where some fonts live and would load them from there, in every mail.
NO_WEB_FONTS = mrml.RenderOptions(fonts={})


class CannotCompile(ValidationError):
    """A sequence that must not go out as it is. The message names the step and the block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledStep:
    """A step as it will be sent, with merge fields still in it."""

    key: UUID
    wait_days: int
    subject: str
    preheader: str
    html: str
    text: str
    page_revisions: dict[str, int | None]

    @property
    def fingerprint(self) -> str:
        """Equal for equal content, so that publishing without a change makes no new version."""
        parts = (self.subject, self.preheader, self.html, self.text)
        return sha256("\x00".join(parts).encode()).hexdigest()


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
    """All steps in order. Raises `CannotCompile` with every fault of the first faulty step."""
    names = wording.vocabulary(public.diagnosis_names(sequence.diagnosis_id))
    refuse_repeated_keys(sequence)
    with override(sequence.locale.language_code):
        return [
            compile_step(sequence, number, child, names)
            for number, child in enumerate(sequence.steps, start=1)
        ]


def refuse_repeated_keys(sequence: Sequence) -> None:
    """A key names one step for ever; the forms never repeat one, a copy by hand may."""
    seen = set()
    for number, child in enumerate(sequence.steps, start=1):
        if child.id in seen:
            raise CannotCompile(f"{_('Step')} {number}: {_('it has the key of another step')}")
        seen.add(child.id)


def compile_step(
    sequence: Sequence, number: int, child: Any, names: frozenset[str]
) -> CompiledStep:
    planned = child.value
    faults = list(faults_in(planned, names))
    if faults:
        raise CannotCompile([f"{_('Step')} {number}: {fault}" for fault in faults])
    try:
        blocks = [block_of(block) for block in planned["body"]]
    except public.Unavailable as error:
        raise CannotCompile(f"{_('Step')} {number}: {error}") from None
    context = {
        "subject": planned["subject"],
        "preheader": planned["preheader"],
        "blocks": blocks,
        "notice": sequence.notice,
        "merge": {name: f"{{{{{name}}}}}" for name in personalise.SYSTEM_FIELDS},
        "practice_name": settings.PRACTICE_NAME,
        "practice_address": settings.PRACTICE_ADDRESS,
        "language": sequence.locale.language_code,
    }
    return CompiledStep(
        key=UUID(str(child.id)),
        wait_days=planned["wait_days"],
        subject=planned["subject"],
        preheader=planned["preheader"],
        html=html_of(context, number),
        text=plain.lay_out(context),
        page_revisions={
            str(block["card"].exercise.page_id): block["card"].exercise.revision_id
            for block in blocks
            if "card" in block
        },
    )


def faults_in(planned: Any, names: frozenset[str]) -> Iterator[str]:
    """What keeps a step from going out, in the editor's words."""
    for field in ("subject", "preheader"):
        telling = wording.telling(planned[field], names)
        if telling:
            yield _("the %(field)s tells the diagnosis: %(words)s") % {
                "field": field,
                "words": ", ".join(telling),
            }
    for text in texts_in(planned):
        try:
            personalise.check(text)
        except personalise.UnknownField as error:
            yield str(error)


def texts_in(planned: Any) -> Iterator[str]:
    yield planned["subject"]
    yield planned["preheader"]
    for block in planned["body"]:
        if block.block_type == "exercise":
            yield block.value["note"]
        else:
            yield block.value["title" if block.block_type == "callout" else "heading"]
            # A brace may be written as an entity, and is a brace again in what is sent.
            yield unescape(block.value["body"].source)


def block_of(block: Any) -> dict[str, Any]:
    """A block as the templates take it: plain values, HTML cleaned to what mail clients keep."""
    value = block.value
    if block.block_type == "exercise":
        return {"type": "exercise", "card": card_of(value)}
    return {
        "type": block.block_type,
        "heading": value["heading"] if block.block_type == "text" else value["title"],
        "tone": value.get("tone", ""),
        "html": nh3.clean(public.html(value["body"].source), tags=TAGS, attributes={"a": {"href"}}),
    }


def card_of(value: Any) -> Card:
    if value["exercise"] is None:
        raise public.Unavailable(_("An exercise was removed; choose another one."))
    exercise = public.exercise(value["exercise"].pk)
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
        raise CannotCompile(f"{_('Step')} {number}: {error}") from None
    html = str(output.content)
    if len(html.encode()) > MAXIMUM_HTML_BYTES:
        raise CannotCompile(
            _("Step %(number)s is longer than mail programs show; split it.") % {"number": number}
        )
    return html
