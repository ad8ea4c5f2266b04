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
from django.utils import timezone

from nurture.authoring import correcting
from nurture.domain.states import MessageKind
from nurture.mail import compose, notices
from nurture.models import Message, StepVersion
from tests.cast import ANNA
from tests.factories import (
    Child,
    PictureFactory,
    callout,
    card,
    checkin,
    exercise_page,
    published_sequence,
    step,
    text,
)
from tests.nurture.steps import planned

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
        block("picture", picture=shown("A person stands on one leg."), caption="Hold the table."),
        block(
            "video",
            title="The lift, step by step",
            url="https://films.example.org/lift/",
            thumbnail=shown("A person lies on the back."),
            minutes=3,
        ),
        block("red_flags", action="emergency", signs=["Numbness between your legs."]),
        callout(),
        block("button", label="Read on", page=None, url="https://care.example.org/p/1/"),
        checkin(),
    ]


def shown(alt: str) -> dict[str, object]:
    return {"image": PictureFactory.create().pk, "alt_text": alt, "decorative": False}


# What differs from place to place, and from day to day.
CHANGING = {
    re.escape(settings.SITE_URL): "https://SITE",
    r"https://SITE/\S+?\.(png|svg|jpg|webp)": r"https://SITE/PICTURE.\1",
    r"https://SITE/(c|m|u)/[\w=-]{30,}/": r"https://SITE/\1/TOKEN/",
    r"(?m)^Date: .*$": "Date: TODAY",
    r"<[0-9a-f]{32}@": "<ID@",
    r"=={10,}[0-9]+==": "BOUNDARY",
}


def same(name: str, made: str) -> None:
    """Equal to the file, but for what differs from place to place."""
    plain = made
    for pattern, word in CHANGING.items():
        plain = re.sub(pattern, word, plain)
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


# ------------------------------------------------------------------ what goes over the wire


def headers(message: Message) -> str:
    """Those of the mail itself: what comes before the first empty line."""
    return compose.envelope(message).content.decode().partition("\r\n\r\n")[0]


def test_the_headers_of_a_step_read_as_they_were_read(version: StepVersion) -> None:
    message = planned(ANNA.joins(), version.step.sequence)

    same("step_headers.txt", headers(message).replace("\r\n", "\n") + "\n")


@pytest.fixture
def correction(version: StepVersion) -> Message:
    row = correcting.prepare(version)
    row.text = "Hello {{first_name}},\n\nten lifts, not thirty.\n\nCall us if it hurts."
    row.save()
    return Message.objects.create(
        kind=MessageKind.CORRECTION,
        subscriber=ANNA.joins(),
        address=ANNA.address,
        correction=row,
        planned_for=timezone.now(),
    )


def test_a_correction_looks_as_it_was_looked_at(correction: Message) -> None:
    made = compose.rendered(notices.notice(correction))

    same("correction.txt", made[0])
    same("correction.html", made[1])
    same("correction_headers.txt", headers(correction).replace("\r\n", "\n") + "\n")
