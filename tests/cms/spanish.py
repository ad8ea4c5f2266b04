"""A translation of the smallest content: its files lie in the folder `es`."""

from pathlib import Path
from typing import Any

import yaml

from tests.cms import samples

EXERCISE = {
    "slug": "movimiento-1",
    "translates": "move-1",
    "title": "Movimiento 1",
    "summary": "Un movimiento pequeño.",
    "aliases": ["El otro nombre"],
    "purpose": "Te hace fuerte.",
    "steps": ["Acuéstate.", "Sube."],
    "cues": ["Despacio"],
    "mistakes": [{"mistake": "Muy rápido.", "fix": "Cuenta hasta tres."}],
    "contraindications": ["Una fractura reciente."],
    "stop_if": "Detente si duele.",
    "drawing_alt": "Una persona hace el movimiento 1.",
}
DIAGNOSIS = {
    "slug": "cadera-adolorida",
    "translates": "sore-hip",
    "title": "Cadera adolorida",
    "synonyms": ["Dolor de cadera"],
    "summary": "Una cadera que duele.",
    "sections": [{"aspect": "overview", "heading": "Qué es", "body": "<p>Un dolor.</p>"}],
    "red_flags": [{"sign": "Adormecimiento", "action": "emergency"}],
}


def pages() -> dict[str, Any]:
    return {
        "site": {"slug": "inicio", "title": "Clínica Roble", "tagline": "Muévete de nuevo"},
        "notice": "Solo una muestra.",
        "catalogue": {"slug": "ejercicios", "title": "Ejercicios"},
        "region": {
            "slug": "cadera",
            "translates": "hip",
            "title": "Cadera",
            "summary": "Una bola en una copa.",
        },
        "diagnoses": [samples.diagnosis(1, **DIAGNOSIS)],
    }


def write(folder: Path) -> Path:
    """Beside the files of `samples`, in the folder that is named as the language."""
    (folder / "es").mkdir()
    exercise = samples.exercise(1, **EXERCISE)
    (folder / "es" / "pages.yaml").write_text(yaml.safe_dump(pages()))
    (folder / "es" / "exercises.yaml").write_text(yaml.safe_dump({"exercises": [exercise]}))
    return folder
