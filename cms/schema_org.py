"""Pieces of schema.org, plain Python: what goes in is text and numbers, what comes out is JSON."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

Node: TypeAlias = dict[str, Any]

SCHEMA = "https://schema.org"
MINUTE = 60

# What our sections are about, in the words of schema.org's HealthAspectEnumeration.
ASPECTS = {
    "overview": "Overview",
    "symptoms": "Symptoms",
    "causes": "Causes",
    "risk_factors": "RisksOrComplications",
    "diagnosis": "Screening",
    "treatment": "Treatments",
    "self_care": "SelfCare",
    "prognosis": "Prognosis",
    "prevention": "Prevention",
    "getting_help": "SeeDoctor",
}

# These end a script, begin a comment in one, or end a line of one.
DANGEROUS = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def script_safe(data: Mapping[str, Any]) -> str:
    """JSON that may stand inside a script element, whatever the texts hold."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(DANGEROUS)


def filled(node: Mapping[str, Any]) -> Node:
    """Without what is empty. A zero and a False are no emptiness."""
    return {name: value for name, value in node.items() if value not in (None, "", [], {})}


def named(kind: str, name: str) -> Node | None:
    return {"@type": kind, "name": name} if name else None


def code(system: str, value: str) -> Node:
    return {"@type": "MedicalCode", "codingSystem": system, "codeValue": value}


def section(aspect: str, *, heading: str) -> Node:
    """A part of a page that covers one aspect of health; an unknown aspect is left out."""
    known = ASPECTS.get(aspect)
    return filled(
        {
            "@type": "HealthTopicContent",
            "headline": heading,
            "hasHealthAspect": f"{SCHEMA}/{known}HealthAspect" if known else None,
        }
    )


def span(low: int | None, high: int | None) -> Any:
    """One number as it is, a range with both ends, nothing as None."""
    if low and high and low != high:
        return {"@type": "QuantitativeValue", "minValue": low, "maxValue": high}
    return low or high


def duration(seconds: int | None) -> str | None:
    """As ISO 8601 writes it: PT45S, PT1M30S, PT5M."""
    if not seconds:
        return None
    minutes, rest = divmod(seconds, MINUTE)
    return "PT" + (f"{minutes}M" if minutes else "") + (f"{rest}S" if rest else "")


def when(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def breadcrumbs(trail: Iterable[tuple[str, str]]) -> Node | None:
    """The way to a page, by names and addresses from the home page on; None for the home page."""
    items = [
        {"@type": "ListItem", "position": position, "name": name, "item": url}
        for position, (name, url) in enumerate(trail, start=1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items} if items else None
