"""The pages of the sample content, created or brought up to date."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cms.models import (
    ArticlePage,
    DiagnosisExercise,
    DiagnosisPage,
    DiagnosisRelated,
    ExerciseIndexPage,
    ExerciseLink,
    ExercisePage,
    ExerciseRegion,
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
    index = publishing.find(ExerciseIndexPage, home, INDEX_SLUG)
    index = publishing.publish(index, home, {"title": "Exercises", "show_in_menus": True}, counts)
    region = _region(content, home, common, counts)
    exercises = _exercises(content, index, region, common, counts)
    sources = people.sources(pages)
    values = {
        diagnosis.slug: {
            **_diagnosis_values(diagnosis),
            **common,
            "citations": citations(pages, diagnosis.slug, sources),
        }
        for diagnosis in pages.diagnoses
    }
    diagnoses = {slug: publishing.find(DiagnosisPage, region, slug) for slug in values}
    for slug, page in diagnoses.items():
        if page.pk is None:
            publishing.add(page, region, values[slug])
    article = _article(
        pages, region, exercises=exercises, diagnoses=diagnoses, common=common, counts=counts
    )
    readable = {**diagnoses, article.slug: article}
    for diagnosis in pages.diagnoses:
        page = diagnoses[diagnosis.slug]
        rows = _diagnosis_rows(diagnosis, page, exercises, readable)
        publishing.publish(page, region, values[diagnosis.slug], counts, rows)
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
    content: files.Content,
    index: ExerciseIndexPage,
    region: RegionPage,
    common: Mapping[str, Any],
    counts: Counter[str],
) -> dict[str, ExercisePage]:
    """All of them first, then the links from one to another."""
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
        regions = publishing.children(
            page.regions.all(), ExerciseRegion, [{"region_id": region.pk}], ("region_id",)
        )
        rows = {"links": links, "regions": regions}
        publishing.publish(page, index, values[exercise.slug], counts, rows)
    return pages


def _exercise_values(exercise: files.Exercise, content: files.Content) -> dict[str, Any]:
    slug = exercise.slug
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


def _region(
    content: files.Content, home: HomePage, common: Mapping[str, Any], counts: Counter[str]
) -> RegionPage:
    region = content.pages.region
    diagram = None
    if region.diagram:
        diagram = pictures.ensure(
            content.drawing(region.diagram), title=region.title, description=region.diagram_alt
        )
    values = {
        "title": region.title,
        "summary": region.summary,
        "body": region.body,
        "snomed_code": region.snomed,
        "side_applies": region.side_applies,
        "diagram_id": diagram and diagram.pk,
        **common,
        "show_in_menus": True,
    }
    return publishing.publish(publishing.find(RegionPage, home, region.slug), home, values, counts)


def _diagnosis_rows(
    diagnosis: files.Diagnosis,
    page: DiagnosisPage,
    exercises: Mapping[str, ExercisePage],
    readable: Mapping[str, Any],
) -> dict[str, Any]:
    reasons = [
        {"exercise_id": exercises[reason.exercise].pk, "why": reason.why}
        for reason in diagnosis.exercises
    ]
    related = [{"target_id": readable[slug].pk} for slug in diagnosis.related]
    return {
        "exercises": publishing.children(
            page.exercises.all(), DiagnosisExercise, reasons, ("exercise_id",)
        ),
        "related": publishing.children(
            page.related.all(), DiagnosisRelated, related, ("target_id",)
        ),
    }


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
