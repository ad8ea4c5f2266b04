"""The pages of the sample content, created or brought up to date."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cms.models import (
    ArticlePage,
    DiagnosisExercise,
    DiagnosisPage,
    ExerciseIndexPage,
    ExerciseLink,
    ExercisePage,
    HomePage,
    RegionPage,
)
from cms.sample import files, people, pictures, publishing, sites
from cms.sample.streams import article_body, citations, stream

INDEX_SLUG = "exercises"
EXERCISE_LINES = (
    "cues",
    "contraindications",
    "precautions",
    "equipment",
    "primary_muscles",
    "secondary_muscles",
    "joints",
)
SAME_NAMED = ("title", "summary", "kind", "level", "position", "purpose", "stop_if")


@dataclass(frozen=True)
class Loaded:
    """The pages by their slugs, and how many were created, updated and unchanged."""

    home: HomePage
    exercises: dict[str, ExercisePage]
    diagnoses: dict[str, DiagnosisPage]
    article: ArticlePage
    counts: Counter[str] = field(default_factory=Counter)


def build(content: files.Content) -> Loaded:
    """Parents first. Links between exercises come when all of them exist."""
    counts: Counter[str] = Counter()
    pages = content.pages
    home = _home(pages.site, counts)
    fresh = not home.get_children().exists()
    team = people.team(pages, home, counts)
    common = {"notice": pages.notice, "author_id": team[0].pk if team else None}
    exercises = _exercises(content, home, common, counts)
    region = _region(pages, home, common, counts)
    sources = people.sources(pages)
    diagnoses = {}
    for diagnosis in pages.diagnoses:
        more = {**common, "citations": citations(pages, diagnosis.slug, sources)}
        diagnoses[diagnosis.slug] = _diagnosis(diagnosis, more, region, exercises, counts)
    article = _article(
        pages, region, exercises=exercises, diagnoses=diagnoses, common=common, counts=counts
    )
    if fresh:
        people.put_last(home)
    return Loaded(home, exercises, diagnoses, article, counts)


def _home(site: files.Home, counts: Counter[str]) -> HomePage:
    home = sites.find_home()
    if home is None:
        sites.clear_the_place()
        home = HomePage(slug=sites.SLUG)
    values = {"title": site.title, "tagline": site.tagline, "welcome": site.welcome}
    page = publishing.publish(home, sites.root(), values, counts)
    sites.point_at(page)
    return page


def _exercises(
    content: files.Content, home: HomePage, common: Mapping[str, Any], counts: Counter[str]
) -> dict[str, ExercisePage]:
    """All of them first, then the links from one to another."""
    index = publishing.find(ExerciseIndexPage, home, INDEX_SLUG)
    index = publishing.publish(index, home, {"title": "Exercises", "show_in_menus": True}, counts)
    values = {
        exercise.slug: {**_exercise_values(exercise, content), **common}
        for exercise in content.exercises
    }
    pages = {slug: publishing.find(ExercisePage, index, slug) for slug in values}
    for slug, page in pages.items():
        if page.pk is None:
            publishing.add(page, index, values[slug])
    for exercise in content.exercises:
        page = pages[exercise.slug]
        links = publishing.children(
            page.links.all(),
            ExerciseLink,
            [
                {"to_id": pages[link.to].pk, "kind": link.kind, "criterion": link.criterion}
                for link in exercise.links
            ],
            ("to_id", "kind"),
        )
        publishing.publish(page, index, values[exercise.slug], counts, {"links": links})
    return pages


def _exercise_values(exercise: files.Exercise, content: files.Content) -> dict[str, Any]:
    slug = exercise.slug
    drawing = None
    if exercise.drawing:
        drawing = pictures.ensure(
            content.drawing(exercise), title=exercise.title, description=exercise.drawing_alt
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


def _region(
    pages: files.PagesFile, home: HomePage, common: Mapping[str, Any], counts: Counter[str]
) -> RegionPage:
    region = pages.region
    values = {
        "title": region.title,
        "summary": region.summary,
        "body": region.body,
        "snomed_code": region.snomed,
        **common,
        "show_in_menus": True,
    }
    return publishing.publish(publishing.find(RegionPage, home, region.slug), home, values, counts)


def _diagnosis(
    diagnosis: files.Diagnosis,
    common: Mapping[str, Any],
    region: RegionPage,
    exercises: Mapping[str, ExercisePage],
    counts: Counter[str],
) -> DiagnosisPage:
    page = publishing.find(DiagnosisPage, region, diagnosis.slug)
    reasons = [
        {"exercise_id": exercises[reason.exercise].pk, "why": reason.why}
        for reason in diagnosis.exercises
    ]
    known = page.exercises.all() if page.pk else []
    children = {
        "exercises": publishing.children(known, DiagnosisExercise, reasons, ("exercise_id",))
    }
    values = {**_diagnosis_values(diagnosis), **common}
    return publishing.publish(page, region, values, counts, children)


def _diagnosis_values(diagnosis: files.Diagnosis) -> dict[str, Any]:
    slug = diagnosis.slug
    low, high = diagnosis.recovery_weeks or (None, None)
    codes = [code.model_dump() for code in diagnosis.codes]
    sections = [section.model_dump() for section in diagnosis.sections]
    red_flags = [red_flag.model_dump() for red_flag in diagnosis.red_flags]
    return {
        "title": diagnosis.title,
        "summary": diagnosis.summary,
        "who": diagnosis.who,
        "synonyms": stream(slug, "synonyms", "synonym", diagnosis.synonyms),
        "codes": stream(slug, "codes", "code", codes),
        "sections": stream(slug, "sections", "section", sections),
        "red_flags": stream(slug, "red_flags", "red_flag", red_flags),
        "differentials": stream(slug, "differentials", "differential", diagnosis.differentials),
        "recovery_weeks_from": low,
        "recovery_weeks_to": high,
        "recovery_note": diagnosis.recovery_note,
    }


def _article(
    pages: files.PagesFile,
    region: RegionPage,
    *,
    exercises: Mapping[str, ExercisePage],
    diagnoses: Mapping[str, DiagnosisPage],
    common: Mapping[str, Any],
    counts: Counter[str],
) -> ArticlePage:
    article = pages.article
    body = article_body(
        article,
        exercises={slug: page.pk for slug, page in exercises.items()},
        diagnoses={slug: page.pk for slug, page in diagnoses.items()},
    )
    values = {
        "title": article.title,
        "summary": article.summary,
        "body": body,
        **common,
    }
    return publishing.publish(
        publishing.find(ArticlePage, region, article.slug), region, values, counts
    )
