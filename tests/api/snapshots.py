"""JSON that is kept beside the code. `UPDATE_SNAPSHOTS=1` writes what is now."""

import json
import os
import re
from pathlib import Path
from typing import Any

from django.test import Client

from tests.api.reading import ROOT, get

# They are also the examples of the OpenAPI document.
FOLDER = Path(__file__).parents[2] / "cms" / "api" / "examples"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
DAY = re.compile(r"(?<=\")20\d\d-\d\d-\d\d(?=\")")


def compare(file: Path, value: Any) -> None:
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")
    assert value == json.loads(file.read_text()), f"{file.name}: see tests/api/snapshots.py"


def steady(value: Any) -> Any:
    """The same in each run: ids by the order in which they come, one time for all."""
    text = json.dumps(value)
    known: dict[str, str] = {}
    for found in UUID.finditer(text):
        known.setdefault(found[0], f"00000000-0000-4000-8000-{len(known) + 1:012}")
    text = UUID.sub(lambda found: known[found[0]], text)
    text = DAY.sub("2026-01-31", TIME.sub("2026-01-31T09:00:00Z", text))
    text = re.sub(r'"next": "[^"]+"', '"next": "WyJ0aXRsZSJd"', text)
    return json.loads(re.sub(r"_[A-Za-z0-9]{7}(?=\.\w+\")", "", text))


def paths(client: Client) -> dict[str, str]:
    """By the name of their schema, an answer of each type: the first of each."""
    kinds = {
        "articles": "Article",
        "clinicians": "Clinician",
        "diagnoses": "Diagnosis",
        "exercises": "Exercise",
        "regions": "Region",
    }
    found = {"SiteDocument": f"{ROOT}site/"}
    for kind, name in kinds.items():
        first = get(client, f"{kind}/?limit=1")["items"][0]
        found[f"ListOf{name}Card"] = f"{ROOT}{kind}/?limit=1"
        found[f"{name}Document"] = f"{ROOT}{kind}/{first['id']}/"
    found["AnyDocument"] = f"{ROOT}pages/by-path/?path=/"
    found["Hits"] = f"{ROOT}search/?q=sacroiliac&limit=1"
    return found
