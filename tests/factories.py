"""The smallest valid objects, and a sequence that the real compiler has published."""

from collections.abc import Sequence as Ordered
from datetime import time
from typing import Any, TypeAlias
from uuid import uuid4

import wagtail_factories
from django.core.files.base import ContentFile
from factory.declarations import LazyFunction
from factory.declarations import Sequence as Numbered
from factory.django import DjangoModelFactory
from wagtail.models import Locale, Page

from cms.models import (
    DiagnosisPage,
    ExerciseIndexPage,
    ExercisePage,
    HomePage,
    Picture,
    RegionPage,
)
from nurture.blocks.checkin import CheckinBlock
from nurture.domain.schedule import Window
from nurture.models import Sequence, Subscriber

Child: TypeAlias = dict[str, Any]

ALWAYS = Window(opens=time(0), closes=time(0))
DRAWING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><path d="M0 0h40"/></svg>'
)


# ------------------------------------------------------------------ pages


class HomePageFactory(wagtail_factories.PageFactory):  # type: ignore[misc]
    class Meta:
        model = HomePage

    title = "Larkfield"
    tagline = "Move well"
    parent = LazyFunction(Page.get_first_root_node)  # type: ignore[no-untyped-call]


class RegionPageFactory(wagtail_factories.PageFactory):  # type: ignore[misc]
    class Meta:
        model = RegionPage

    title = "Pelvis"
    summary = "Where the spine meets the legs."


class DiagnosisPageFactory(wagtail_factories.PageFactory):  # type: ignore[misc]
    class Meta:
        model = DiagnosisPage

    title = "SI joint dysfunction"
    slug = Numbered(lambda number: f"si-joint-dysfunction-{number}")  # type: ignore[no-untyped-call]
    summary = "The joint hurts when it carries."
    synonyms = [{"type": "synonym", "value": "Sacroiliac strain"}]
    red_flags = [{"type": "red_flag", "value": {"sign": "Numbness", "action": "emergency"}}]
    recovery_weeks_from = 6
    recovery_weeks_to = 12


class ExerciseIndexPageFactory(wagtail_factories.PageFactory):  # type: ignore[misc]
    class Meta:
        model = ExerciseIndexPage

    title = "Exercises"
    slug = "exercises"


class PictureFactory(DjangoModelFactory[Picture]):
    class Meta:
        model = Picture

    title = "Drawing"
    description = "A person lies on the back and lifts the hips."
    file = LazyFunction(lambda: ContentFile(DRAWING, name="drawing.svg"))  # type: ignore[no-untyped-call]


class ExercisePageFactory(wagtail_factories.PageFactory):  # type: ignore[misc]
    class Meta:
        model = ExercisePage

    title = Numbered(lambda number: f"Bridge no. {number}")  # type: ignore[no-untyped-call]
    summary = "Lift the hips."
    kind = "strength"
    level = "beginner"
    position = "lying"
    purpose = "Stronger muscles share the load."
    steps = [
        {"type": "step", "value": {"text": "Lie on your back."}},
        {"type": "step", "value": {"text": "Lift your hips."}},
    ]
    dosage = [
        {
            "type": "dosage",
            "value": {"sets_from": 2, "sets_to": 3, "reps_from": 8, "reps_to": 12, "times": 3},
        }
    ]
    stop_if = "Pain above 3 out of 10."


# ------------------------------------------------------------------ sequences


def text(html: str = "<p>Hi {{first_name}},</p><p>one change a week.</p>", **other: Any) -> Child:
    return {"type": "text", "value": {"heading": "Why", "body": html, **other}}


def callout(html: str = "<p>Stop and call.</p>", **other: Any) -> Child:
    return {"type": "callout", "value": {"tone": "stop", "title": "Stop", "body": html, **other}}


def card(exercise: ExercisePage, **other: Any) -> Child:
    return {"type": "exercise", "value": {"exercise": exercise.pk, "note": "", **other}}


def checkin(**other: Any) -> Child:
    """A question with the usual answers."""
    block = CheckinBlock()
    return {"type": "checkin", "value": {**block.get_prep_value(block.get_default()), **other}}


def waiting(days: int, **other: Any) -> Child:
    """The wait of a step: so many days after the mail before it."""
    return {"count": days, "unit": "days", "after": "previous", **other}


def step(*body: Child, wait_days: int = 0, **other: Any) -> Child:
    """One planned mail. Its id is the step's key."""
    key = str(uuid4())
    value = {
        "name": f"step {key[:8]}",
        "wait": waiting(wait_days),
        "subject": "Your mail of the week",
        "preheader": "Ten minutes are enough.",
        "body": list(body) or [text()],
        **other,
    }
    return {"type": "step", "id": key, "value": value}


def published_sequence(
    *,
    steps: int | Ordered[Child] = 3,
    wait_days: int = 7,
    window: Window = ALWAYS,
    exercises: Ordered[ExercisePage] = (),
    **other: Any,
) -> Sequence:
    """A sequence below its pages, as an editor publishes it. `steps`: how many, or which."""
    if isinstance(steps, int):
        steps = [
            step(
                text(),
                *(card(exercise) for exercise in exercises),
                callout(),
                wait_days=wait_days if number > 1 else 0,
                subject=f"Week {number}: a little more",
            )
            for number in range(1, steps + 1)
        ]
    sequence = Sequence(
        **{
            "title": "Steady weeks",
            "diagnosis": diagnosis_page(),
            "goal": "Carry the shopping home.",
            "what_to_expect": "One short mail a week.",
            "notice": "Sample content.",
            "locale": Locale.get_default(),
            "live": False,
            "weekdays": sorted(window.weekdays),
            "opens": window.opens,
            "closes": window.closes,
            "steps": list(steps),
            **other,
        }
    )
    sequence.full_clean()
    sequence.save()
    return publish(sequence)


def publish(sequence: Sequence) -> Sequence:
    """What pressing "Publish" does; the row as it is afterwards."""
    sequence.save_revision().publish()
    return Sequence.objects.get(pk=sequence.pk)


def edited(sequence: Sequence, *, steps: Ordered[Child]) -> Sequence:
    """The sequence published once more with other steps, as an editor finds and leaves it."""
    draft = Sequence.objects.get(pk=sequence.pk).get_latest_revision_as_object()
    draft.steps = list(steps)
    return publish(draft)


def raw_steps(sequence: Sequence) -> list[Child]:
    """The steps as they are stored, to be changed and published again."""
    return list(Sequence.objects.get(pk=sequence.pk).steps.raw_data)


def home_page() -> HomePage:
    page: HomePage = HomePage.objects.first() or HomePageFactory()
    return page


def diagnosis_page(**other: Any) -> DiagnosisPage:
    region = RegionPage.objects.first() or RegionPageFactory(parent=home_page())
    page: DiagnosisPage = DiagnosisPageFactory(parent=region, **other)
    return page


def pictured_exercise() -> ExercisePage:
    return exercise_page(drawing=PictureFactory.create())


def exercise_page(**other: Any) -> ExercisePage:
    """An exercise that was published, so it has a revision."""
    index = ExerciseIndexPage.objects.first() or ExerciseIndexPageFactory(parent=home_page())
    page: ExercisePage = ExercisePageFactory(parent=index, **other)
    page.save_revision().publish()
    page.refresh_from_db()
    return page


# ------------------------------------------------------------------ people


class SubscriberFactory(DjangoModelFactory[Subscriber]):
    class Meta:
        model = Subscriber

    address = Numbered(lambda number: f"person{number}@example.org")  # type: ignore[no-untyped-call]
    first_name = "Kim"
    time_zone = "America/New_York"
    language = "en-us"
