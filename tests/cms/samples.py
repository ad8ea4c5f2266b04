"""The smallest content that loads, as the dictionaries that the files hold."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="480" height="320" viewBox="0 0 480 320">'
    '<rect width="480" height="320" fill="#f3f7f5"/></svg>'
)


def exercise(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "slug": f"move-{number}",
        "title": f"Move {number}",
        "summary": "A small move.",
        "aliases": ["The other name"],
        "kind": "strength",
        "level": "beginner",
        "position": "lying",
        "purpose": "It makes you strong.",
        "steps": ["Lie down.", "Lift."],
        "cues": ["Slowly"],
        "mistakes": [{"mistake": "Too fast.", "fix": "Count to three."}],
        "contraindications": ["A fresh fracture."],
        "stop_if": "Stop if it hurts.",
        "dosage": {"sets": [2, 3], "reps": [8, 12], "times": 3},
        "drawing": "drawing.svg",
        "drawing_alt": f"A person does move {number}.",
        **changes,
    }


def diagnosis(exercises: int, **changes: Any) -> dict[str, Any]:
    return {
        "slug": "sore-hip",
        "title": "Sore hip",
        "synonyms": ["Hip ache"],
        "codes": [{"system": "ICD-10-CM", "value": "M25.5", "display": "Pain in joint"}],
        "summary": "A hip that aches.",
        "sections": [
            {"aspect": "overview", "heading": "What it is", "body": "<p>An ache.</p>"},
            {"aspect": "symptoms", "heading": "What you notice", "body": "<p>It aches.</p>"},
        ],
        "red_flags": [
            {"sign": "Slow change", "action": "routine"},
            {"sign": "Numbness", "action": "emergency"},
        ],
        "differentials": ["A sore back"],
        "recovery_weeks": [6, 12],
        "exercises": [
            {"exercise": f"move-{number}", "why": f"Reason {number}."}
            for number in range(1, exercises + 1)
        ],
        **changes,
    }


def pages(exercises: int) -> dict[str, Any]:
    parts = [
        {"type": "exercise", "exercise": f"move-{number}", "note": "Try it."}
        for number in range(1, exercises + 1)
    ]
    return {
        "site": {"title": "Oak Clinic", "tagline": "Move again", "welcome": "<p>Hello.</p>"},
        "notice": "Only a sample.",
        "region": {
            "slug": "hip",
            "title": "Hip",
            "summary": "A ball in a cup.",
            "body": "<p>It turns.</p>",
        },
        "diagnoses": [diagnosis(exercises)],
        "article": {
            "slug": "run-again",
            "title": "Run again",
            "summary": "How to begin.",
            "body": [
                {"type": "text", "heading": "First", "html": "<p>Rest a little.</p>"},
                {"type": "diagnoses", "heading": "Which one?", "intro": "Open each."},
                *parts,
            ],
        },
    }


def exercises(count: int) -> list[dict[str, Any]]:
    """A chain in which each one but the last leads to the next."""
    chain = [exercise(number) for number in range(1, count + 1)]
    for here, there in pairwise(chain):
        here["links"] = [{"to": there["slug"], "kind": "progression", "criterion": "It is easy."}]
    return chain


def write(folder: Path, *, content: dict[str, Any], moves: list[dict[str, Any]]) -> Path:
    (folder / "drawings").mkdir(parents=True, exist_ok=True)
    (folder / "drawings" / "drawing.svg").write_text(DRAWING)
    (folder / "pages.yaml").write_text(yaml.safe_dump(content))
    (folder / "exercises.yaml").write_text(yaml.safe_dump({"exercises": moves}))
    return folder
