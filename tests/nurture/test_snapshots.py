"""Each kind of mail as it is sent: HTML, text and headers, compared with what a person looked at.

After a change that is meant: `UPDATE_SNAPSHOTS=1 pytest tests/nurture/test_snapshots.py`. Look at
what changed before it is committed.
"""

import os
import re
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings

from nurture.models import StepVersion
from tests.factories import (
    Child,
    callout,
    card,
    checkin,
    exercise_page,
    published_sequence,
    step,
    text,
)

pytestmark = pytest.mark.django_db

FOLDER = Path(__file__).parent / "snapshots"


def block(kind: str, **value: object) -> Child:
    return {"type": kind, "value": value}


def every_block() -> list[Child]:
    exercise = exercise_page(title="Glute bridge", translation_key=UUID(int=1))
    return [
        text(heading="Why we begin small"),
        block("progress", changed="Two seconds longer.", why="Endurance comes before load."),
        card(exercise, note="Keep both hips level."),
        block("divider"),
        block("red_flags", action="emergency", signs=["Numbness between your legs."]),
        callout(),
        block("button", label="Read on", page=None, url="https://care.example.org/p/1/"),
        checkin(),
    ]


def same(name: str, made: str) -> None:
    """Equal to the file, but for what differs from place to place."""
    plain = re.sub(re.escape(settings.SITE_URL), "https://SITE", made)
    file = FOLDER / name
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.write_text(plain)
    assert plain == file.read_text(), f"{name} has changed: look at it, then update it"


@pytest.fixture
def version() -> StepVersion:
    published_sequence(
        steps=[step(*every_block(), subject="Week 1: begin small", preheader="Ten minutes.")]
    )
    return StepVersion.objects.get()


def test_a_mail_with_every_block_looks_as_it_was_looked_at(version: StepVersion) -> None:
    same("every_block.html", version.html)


def test_its_text_part_reads_as_it_was_read(version: StepVersion) -> None:
    same("every_block.txt", version.text)
