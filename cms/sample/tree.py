"""The pages of the sample content, created or brought up to date."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wagtail.models import Locale, Page

from cms.models import (
    ArticlePage,
    ClinicianPage,
    DiagnosisExercise,
    DiagnosisPage,
    DiagnosisRelated,
    ExerciseIndexPage,
    ExercisePage,
    HomePage,
    RegionPage,
)
from cms.sample import exercises, files, people, pictures, publishing, sites
from cms.sample.streams import article_body, citations, stream


@dataclass(frozen=True)
class Loaded:
    """The pages by their keys, and how many were created, updated and unchanged."""

    home: HomePage
    catalogue: ExerciseIndexPage
    region: RegionPage
    team: dict[str, ClinicianPage]
    exercises: dict[str, ExercisePage]
    diagnoses: dict[str, DiagnosisPage]
    articles: dict[str, ArticlePage]
    counts: Counter[str] = field(default_factory=Counter)
    translations: dict[str, "Loaded"] = field(default_factory=dict)

    @property
    def article(self) -> ArticlePage:
        return next(iter(self.articles.values()))


@dataclass(frozen=True)
class Originals:
    """What the pages of a translation translate, by their keys; empty in the main folder."""

    catalogue: Page | None = None
    region: Page | None = None
    team_page: Page | None = None
    team: Mapping[str, Page] = field(default_factory=dict)
    exercises: Mapping[str, Page] = field(default_factory=dict)
    diagnoses: Mapping[str, Page] = field(default_factory=dict)
    articles: Mapping[str, Page] = field(default_factory=dict)


def build(content: files.Content) -> Loaded:
    """The pages of the main folder."""
    counts: Counter[str] = Counter()
    home = _home(content.pages.site, counts)
    return _below(home, content, Originals(), counts)


def translate(content: files.Content, loaded: Loaded) -> Loaded:
    """The same pages in another language, as far as the files translate them."""
    locale, _created = Locale.objects.get_or_create(language_code=content.language)
    home = _translated_home(content.pages.site, loaded.home, locale, loaded.counts)
    originals = Originals(
        catalogue=loaded.catalogue,
        region=loaded.region,
        team_page=people.index_of(loaded.home),
        articles=loaded.articles,
        team=loaded.team,
        exercises=loaded.exercises,
        diagnoses=loaded.diagnoses,
    )
    return _below(home, content, originals, loaded.counts)


def _below(
    home: HomePage, content: files.Content, originals: Originals, counts: Counter[str]
) -> Loaded:
    """Parents first. What leads from one page to another comes when all of them exist."""
    pages = content.pages
    fresh = not home.get_children().exists()
    team = people.team(pages, home, counts, index=originals.team_page, originals=originals.team)
    author = next(iter(team.values()), None)
    common = {"notice": pages.notice, "author_id": author and author.pk}
    catalogue = _catalogue(pages, home, originals, counts)
    region = _region(content, home, originals, common, counts)
    moves = exercises.publish(
        content,
        catalogue,
        region,
        originals=originals.exercises,
        common=common,
        counts=counts,
    )
    values = _values_of_diagnoses(pages, common)
    diagnoses = _places_of_diagnoses(pages, region, originals, values)
    articles = _articles(
        pages.article,
        region,
        originals=originals,
        exercises=moves,
        diagnoses=diagnoses,
        common=common,
        counts=counts,
    )
    readable = {**diagnoses, **articles}
    for diagnosis in pages.diagnoses:
        page = diagnoses[diagnosis.key]
        rows = _diagnosis_rows(diagnosis, page, moves, readable)
        publishing.publish(page, region, values[diagnosis.key], counts, rows)
    if fresh:
        people.put_last(home)
    return Loaded(home, catalogue, region, team, moves, diagnoses, articles, counts)


def _home(site: files.Home, counts: Counter[str]) -> HomePage:
    home = sites.find_home()
    if home is None:
        sites.clear_the_place()
        home = HomePage(slug=sites.SLUG)
    page = publishing.publish(home, sites.root(), _home_values(site), counts)
    sites.point_at(page)
    return page


def _translated_home(
    site: files.Home, original: HomePage, locale: Locale, counts: Counter[str]
) -> HomePage:
    """It stands beside the other one: Wagtail finds it by what it translates."""
    home = original.get_translation_or_none(locale) or HomePage(
        slug=site.slug, locale=locale, translation_key=original.translation_key
    )
    return publishing.publish(home, sites.root(), _home_values(site), counts)


def _home_values(site: files.Home) -> dict[str, Any]:
    return {"title": site.title, "tagline": site.tagline, "welcome": site.welcome}


def _catalogue(
    pages: files.PagesFile, home: HomePage, originals: Originals, counts: Counter[str]
) -> ExerciseIndexPage:
    wanted = pages.catalogue
    page = publishing.find(ExerciseIndexPage, home, wanted.slug, translates=originals.catalogue)
    values = {"title": wanted.title, "show_in_menus": True}
    return publishing.publish(page, home, values, counts)


def _region(
    content: files.Content,
    home: HomePage,
    originals: Originals,
    common: Mapping[str, Any],
    counts: Counter[str],
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
    page = publishing.find(RegionPage, home, region.slug, translates=originals.region)
    return publishing.publish(page, home, values, counts)


def _values_of_diagnoses(
    pages: files.PagesFile, common: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    sources = people.sources(pages)
    return {
        diagnosis.key: {
            **_diagnosis_values(diagnosis),
            **common,
            "citations": citations(pages, diagnosis.key, sources),
        }
        for diagnosis in pages.diagnoses
    }


def _places_of_diagnoses(
    pages: files.PagesFile,
    region: RegionPage,
    originals: Originals,
    values: Mapping[str, Mapping[str, Any]],
) -> dict[str, DiagnosisPage]:
    found = {
        diagnosis.key: publishing.find(
            DiagnosisPage,
            region,
            diagnosis.slug,
            translates=originals.diagnoses.get(diagnosis.key),
        )
        for diagnosis in pages.diagnoses
    }
    for key, page in found.items():
        if page.pk is None:
            publishing.add(page, region, values[key])
    return found


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
    slug = diagnosis.key
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


def _articles(
    article: files.Article | None,
    region: RegionPage,
    *,
    originals: Originals,
    exercises: Mapping[str, ExercisePage],
    diagnoses: Mapping[str, DiagnosisPage],
    common: Mapping[str, Any],
    counts: Counter[str],
) -> dict[str, ArticlePage]:
    """By its key; nothing where there is none."""
    if article is None:
        return {}
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
    page = publishing.find(
        ArticlePage, region, article.slug, translates=originals.articles.get(article.key)
    )
    return {article.key: publishing.publish(page, region, values, counts)}
