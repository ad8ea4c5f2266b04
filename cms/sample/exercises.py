"""The exercises of the sample content, and the ways from one to another."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from wagtail.models import Page

from cms.models import ExerciseIndexPage, ExerciseLink, ExercisePage, ExerciseRegion, RegionPage
from cms.sample import files, pictures, publishing
from cms.sample.streams import stream

EXERCISE_LINES = (
    "cues",
    "contraindications",
    "precautions",
    "equipment",
    "primary_muscles",
    "secondary_muscles",
    "joints",
)
SAME_NAMED = (
    "title",
    "summary",
    "kind",
    "level",
    "position",
    "laterality",
    "purpose",
    "stop_if",
)


def publish(
    content: files.Content,
    index: ExerciseIndexPage,
    region: RegionPage,
    *,
    originals: Mapping[str, Page],
    common: Mapping[str, Any],
    counts: Counter[str],
) -> dict[str, ExercisePage]:
    """All of them first, then the links from one to another. `originals` are what they translate,
    by their keys."""
    values = {
        exercise.key: {**values_of(exercise, content), **common} for exercise in content.exercises
    }
    pages = {
        exercise.key: publishing.find(
            ExercisePage, index, exercise.slug, translates=originals.get(exercise.key)
        )
        for exercise in content.exercises
    }
    for key, page in pages.items():
        if page.pk is None:
            publishing.add(page, index, values[key])
    for exercise in content.exercises:
        page = pages[exercise.key]
        links = publishing.children(
            page.links.all(),
            ExerciseLink,
            [
                {"to_id": pages[link.to].pk, "kind": link.kind, "criterion": link.criterion}
                for link in exercise.links
            ],
            ("to_id", "kind"),
        )
        regions = publishing.children(
            page.regions.all(), ExerciseRegion, [{"region_id": region.pk}], ("region_id",)
        )
        rows = {"links": links, "regions": regions}
        publishing.publish(page, index, values[exercise.key], counts, rows)
    return pages


def values_of(exercise: files.Exercise, content: files.Content) -> dict[str, Any]:
    slug = exercise.key
    drawing = None
    if exercise.drawing:
        drawing = pictures.ensure(
            content.drawing(exercise.drawing),
            title=exercise.title,
            description=exercise.drawing_alt,
        )
    return {
        **{name: getattr(exercise, name) for name in SAME_NAMED},
        **{name: stream(slug, name, "line", getattr(exercise, name)) for name in EXERCISE_LINES},
        "other_names": stream(slug, "other_names", "line", exercise.aliases),
        "home_alternative": exercise.home_alternative,
        "steps": stream(slug, "steps", "step", [{"text": text} for text in exercise.steps]),
        "mistakes": stream(
            slug, "mistakes", "mistake", [mistake.model_dump() for mistake in exercise.mistakes]
        ),
        "dosage": stream(slug, "dosage", "dosage", [exercise.dosage.block()]),
        "drawing_id": drawing and drawing.pk,
    }
