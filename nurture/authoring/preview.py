"""A mail of a draft as one sample person would get it, looked at in one of several ways."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from cms.contraindications import CONTRAINDICATIONS
from nurture.authoring.compile import CompiledStep, compile_step, plan_of_one, read
from nurture.authoring.faults import CannotCompile, Fault, Weight
from nurture.domain import alternatives, personalise
from nurture.models import Sequence

DARK = "@media (prefers-color-scheme: dark)"
NOBODY = "nameless"
VIEWS = {
    "phone": gettext_lazy("Phone"),
    "desktop": gettext_lazy("Desktop"),
    "dark": gettext_lazy("Dark"),
    "images_off": gettext_lazy("Images off"),
    "text": gettext_lazy("Text"),
    "headers": gettext_lazy("Headers"),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """Somebody to preview a mail for: nobody in particular, without a name, or with a reason."""

    key: str
    label: str
    first_name: str = "Kim"
    tags: frozenset[str] = frozenset()


def samples() -> list[Sample]:
    return [
        Sample("", _("Kim, who declared nothing")),
        Sample(NOBODY, _("Somebody who gave no name"), first_name=""),
        *(Sample(key, f"Kim: {label}", tags=frozenset({key})) for key, label in CONTRAINDICATIONS),
    ]


@dataclass(slots=True)
class Looked:
    """What a preview shows. `html` and `text` are empty if the step cannot be compiled."""

    step: int
    view: str
    who: str
    names: list[str]
    subject: str = ""
    preheader: str = ""
    html: str = ""
    text: str = ""
    size: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    held: bool = False  # no exercise fits this person: the programme would wait

    @property
    def errors(self) -> list[Fault]:
        return [fault for fault in self.faults if fault.weight is Weight.ERROR]

    @property
    def hints(self) -> list[Fault]:
        """What is said of several blocks of a mail is said once."""
        hints = {fault.text: fault for fault in self.faults if fault.weight is Weight.HINT}
        return list(hints.values())


def look(sequence: Sequence, asked: Mapping[str, str]) -> Looked:
    """`asked` comes from a person: the number of a step, a view and a sample; each may be odd."""
    names = [child.value["name"] or str(n) for n, child in enumerate(sequence.steps, start=1)]
    number = asked.get("step", "")
    step = int(number) if number.isdecimal() and 1 <= int(number) <= len(names) else 1
    view = asked.get("view", "")
    looked = Looked(step, view if view in VIEWS else "phone", asked.get("who", ""), names)
    if names:
        with override(sequence.locale.language_code):
            fill(looked, sequence)
    return looked


def fill(looked: Looked, sequence: Sequence) -> None:
    reading = read(sequence)
    looked.faults = [fault for fault in reading.faults if fault.step == looked.step]
    if looked.errors:
        return
    try:
        plan = plan_of_one(sequence, looked.step - 1)
        compiled = compile_step(reading, looked.step - 1, plan)
    except (CannotCompile, KeyError) as error:
        text = " ".join(error.messages) if isinstance(error, CannotCompile) else str(error)
        looked.faults.append(Fault((looked.step - 1,), text))
        return
    who = next((one for one in samples() if one.key == looked.who), samples()[0])
    choice = alternatives.choose(compiled.found.slots, who.tags)
    looked.held = choice is None
    if choice is not None:
        address(looked, compiled, who, alternatives.key(choice))


def address(looked: Looked, compiled: CompiledStep, who: Sample, choice: str) -> None:
    """Put a person's values in, as sending does."""
    html, text = compiled.variants.get(choice, (compiled.html, compiled.text))
    values = {"first_name": who.first_name, **dict.fromkeys(personalise.SYSTEM_FIELDS, "#")}
    looked.subject = personalise.into_header(compiled.subject, values)
    looked.preheader = personalise.into_text(compiled.preheader, values)
    looked.html = seen(personalise.into_html(html, values), looked.view)
    looked.text = personalise.into_text(text, values)
    looked.size = len(html.encode())
    looked.headers = [
        ("From", settings.MAIL_FROM),
        ("To", "kim@example.org"),
        ("Subject", looked.subject),
        ("List-Id", f"<programme.{settings.MAIL_DOMAIN}>"),
        ("List-Unsubscribe", f"<{settings.SITE_URL}/u/…/>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Content-Type", "multipart/alternative"),
    ]


def seen(html: str, view: str) -> str:
    """The HTML as one view shows it: in the dark by its own rules, or with pictures not loaded."""
    if view == "dark":
        return html.replace(DARK, "@media all")
    if view == "images_off":
        return re.sub(r'(<img[^>]*?) src="[^"]*"', r'\1 src=""', html)
    return html


def context(sequence: Sequence, asked: Mapping[str, str]) -> dict[str, Any]:
    looked = look(sequence, asked)
    width = {"phone": 390, "dark": 390, "images_off": 390}.get(looked.view, 720)
    return {"looked": looked, "views": VIEWS, "samples": samples(), "width": width}
