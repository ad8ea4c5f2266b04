"""Sequences from files: `examples/si_joint/sequences/*.yaml`."""

from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import yaml
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from wagtail.models import Locale, Page

from nurture.blocks.checkin import CheckinBlock
from nurture.models import Sequence

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# What a file may leave out of a check-in.
CHECKIN = {
    name: CheckinBlock().child_blocks[name].get_default()
    for name in ("question", "max_repeats", "silence", "safety_text")
}
RANGES = {"sets": ("sets_from", "sets_to"), "reps": ("reps_from", "reps_to")}


class SampleError(ValueError):
    """A file that cannot be loaded; the text names the file and the place."""


@transaction.atomic
def load(folder: Path, *, notice: str, language: str = settings.LANGUAGE_CODE) -> int:
    """Create or update one sequence per file; how many were published. Equal ones are left.

    In another language, a file translates the sequence with the same slug, step by step by name.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise SampleError(f"{folder}: no sequences (*.yaml) here")
    locale = Locale.objects.get(language_code=language)
    return sum(load_file(file, notice, locale) for file in files)


def load_file(file: Path, notice: str, locale: Locale) -> bool:
    try:
        return load_sequence(yaml.safe_load(file.read_text()), notice, locale)
    except (KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise SampleError(f"{file.name}: {type(error).__name__}: {error}") from error
    except ValidationError as error:
        raise SampleError(f"{file.name}: {'; '.join(error.messages)}") from error


def load_sequence(data: Mapping[str, Any], notice: str, locale: Locale) -> bool:
    """Whether there was anything to publish."""
    key = uuid5(NAMESPACE_URL, f"rehabit:sequence:{data['slug']}")
    found = Sequence.objects.filter(translation_key=key, locale=locale).first()
    sequence = found or Sequence(translation_key=key, locale=locale, live=False)
    before = snapshot(sequence) if found else None
    for name, value in translated(fields_of(data, notice, key), locale).items():
        setattr(sequence, name, value)
    if snapshot(sequence) == before:
        return False
    sequence.full_clean()
    if found is None:
        sequence.save()
    sequence.save_revision().publish()
    return True


def snapshot(sequence: Sequence) -> dict[str, Any]:
    """What an editor could change, as plain values."""
    names = ("title", "goal", "what_to_expect", "notice", "opens", "closes")
    plain = {name: str(getattr(sequence, name)) for name in names}
    return {
        **plain,
        "diagnosis": sequence.diagnosis_id,
        "weekdays": list(sequence.weekdays),
        "asks": list(sequence.asks),
        "exit_on": list(sequence.exit_on),
        "goal_event": sequence.goal_event,
        "steps": normal(sequence.steps),
        "live": sequence.live,
    }


def normal(steps: Any) -> Any:
    """Stream content in its full raw form, defaults filled in, so that equal content is equal."""
    return steps.stream_block.clean(steps).get_prep_value()


def fields_of(data: Mapping[str, Any], notice: str, key: UUID) -> dict[str, Any]:
    window = data["window"]
    return {
        "title": data["title"],
        "diagnosis_id": page_named(data["diagnosis"]).pk,
        "goal": data["goal"],
        "what_to_expect": data["what_to_expect"],
        "notice": notice,
        "weekdays": [WEEKDAYS.index(day) for day in window["weekdays"]],
        "opens": time.fromisoformat(window["opens"]),
        "closes": time.fromisoformat(window["closes"]),
        "asks": list(data.get("asks", ())),
        "exit_on": list(data.get("exit_on", ())),
        "goal_event": data.get("goal_event", "finished"),
        "steps": [step_of(step, key) for step in data["steps"]],
        "live": True,
    }


def translated(fields: dict[str, Any], locale: Locale) -> dict[str, Any]:
    """The files name pages by their slugs in the main folder; here are those of the locale."""
    fields["diagnosis_id"] = page_in(locale, fields["diagnosis_id"])
    blocks = (block for step in fields["steps"] for block in step["value"]["body"])
    for block in blocks:
        if block["type"] == "exercise":
            block["value"]["exercise"] = page_in(locale, block["value"]["exercise"])
    return fields


def page_in(locale: Locale, page_id: int) -> int:
    page = Page.objects.get(pk=page_id)
    own = page.get_translation_or_none(locale)
    return int((own or page).pk)


def step_of(step: Mapping[str, Any], key: UUID) -> dict[str, Any]:
    """A stream child in Wagtail's raw form. Its id depends only on the step's name."""
    identity = uuid5(key, step["name"])
    return {
        "type": "step",
        "id": str(identity),
        "value": {
            "name": step["name"],
            "wait": wait_value(step),
            "subject": step["subject"],
            "preheader": step["preheader"],
            "progress": step.get("progress", ""),
            "load_bearing": step.get("load_bearing", False),
            "skippable": step.get("skippable", False),
            "conditions": [condition_of(item, identity) for item in step.get("conditions", ())],
            "body": [block_of(block, identity, place) for place, block in enumerate(step["body"])],
        },
    }


def wait_value(step: Mapping[str, Any]) -> dict[str, Any]:
    """`wait_days: 7`, or `wait: {count: 2, unit: weeks, after: date, date_name: birth}`."""
    if "wait_days" in step:
        return {"count": step["wait_days"], "unit": "days", "after": "previous"}
    return {"unit": "days", "after": "previous", **step["wait"]}


def condition_of(item: Mapping[str, Any], identity: UUID) -> dict[str, Any]:
    ((kind, value),) = item.items()
    return {"type": kind, "id": str(uuid5(identity, f"condition.{kind}")), "value": value}


def block_of(block: Mapping[str, Any], identity: UUID, place: int) -> dict[str, Any]:
    ((kind, value),) = block.items()
    return {
        "type": kind,
        "id": str(uuid5(identity, str(place))),
        "value": VALUES[kind](value, uuid5(identity, f"{place}.dosage")),
    }


def exercise_value(value: Mapping[str, Any], identity: UUID) -> dict[str, Any]:
    dosage = dosage_value(value["dosage"]) if value.get("dosage") else None
    return {
        "exercise": page_named(value["exercise"]).pk,
        "note": value.get("note", ""),
        "dosage": [{"type": "item", "id": str(identity), "value": dosage}] if dosage else [],
    }


def dosage_value(value: Mapping[str, Any]) -> dict[str, Any]:
    """Ranges and loads of the files as the fields of a `DosageBlock`."""
    fields: dict[str, Any] = {}
    for name, given in value.items():
        if name in RANGES:
            fields.update(zip(RANGES[name], given, strict=True))
        elif name == "load":
            fields |= {"load_value": given["value"], "load_unit": given["unit"]}
        else:
            fields[name] = given
    return fields


def text_value(value: Mapping[str, Any], _identity: UUID) -> dict[str, Any]:
    return {"heading": value.get("heading", ""), "body": value["html"]}


def callout_value(value: Mapping[str, Any], _identity: UUID) -> dict[str, Any]:
    return {"tone": value["tone"], "title": value["title"], "body": value["html"]}


def checkin_value(value: Mapping[str, Any], identity: UUID) -> dict[str, Any]:
    """`answers: {too_easy: advance, too_hard: {step_back: week-2}}`, and what differs."""
    labels = value.get("labels", {})
    answers = [
        {
            "type": "item",
            "id": str(uuid5(identity, key)),
            "value": {**answer_value(key, does), "label": labels.get(key, "")},
        }
        for key, does in value["answers"].items()
    ]
    others = {name: given for name, given in value.items() if name != "labels"}
    return {**CHECKIN, **others, "answers": answers}


def answer_value(key: str, does: str | Mapping[str, str]) -> dict[str, Any]:
    if isinstance(does, str):
        return {"answer": key, "does": does}
    ((action, step),) = does.items()
    return {"answer": key, "does": action, "to": step}


VALUES = {
    "checkin": checkin_value,
    "exercise": exercise_value,
    "text": text_value,
    "callout": callout_value,
}


def page_named(slug: str) -> Page:
    page = Page.objects.live().filter(slug=slug).first()
    if page is None:
        raise SampleError(f"no published page is called {slug}")
    return page
