"""From a page to its document, one function for each type. They read; they write nothing."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.conf import settings
from wagtail.models import Page

from cms.documents import blocks, cards, installation, parts, pictures, words
from cms.documents.reader import Reader
from cms.documents.shapes import Shape
from cms.documents.shapes.exercise import Dosage
from cms.documents.shapes.pages import (
    ArticleDocument,
    ClinicianDocument,
    DiagnosisDocument,
    ExerciseDocument,
    ExerciseLink,
    ExercisesDocument,
    FittingExercise,
    HomeDocument,
    Recovery,
    RegionDocument,
    SiteDocument,
    TeamDocument,
)
from cms.models import (
    ArticlePage,
    ClinicianIndexPage,
    ClinicianPage,
    DiagnosisPage,
    ExerciseIndexPage,
    ExercisePage,
    HomePage,
    RegionPage,
)
from cms.models.documents import DocumentType

SIGNUP = "/signup/"


def article(page: ArticlePage, reader: Reader) -> ArticleDocument:
    values = parts.of_health_page(page, reader)
    reader.note_translations(page.embedded(), page)
    page.follow_translations()
    return ArticleDocument(type="article", body=blocks.stream(page.body, reader), **values)


def clinician(page: ClinicianPage, reader: Reader) -> ClinicianDocument:
    return ClinicianDocument(
        type="clinician",
        name=page.full_name,
        credentials=page.credentials,
        role=page.role,
        registration_body=page.registration_body,
        registration_number=page.registration_number,
        orcid=page.orcid,
        biography=words.html(page.biography, reader),
        notice=page.notice,
        image=pictures.image(page.photo, reader),
        **parts.of_page(page, reader),
    )


def diagnosis(page: DiagnosisPage, reader: Reader) -> DiagnosisDocument:
    links = list(page.exercises.select_related("exercise"))
    links = reader.follow(links, "exercise", page)
    fitting = [(link, reader.page(link.exercise)) for link in links]
    reader.shared.attach("drawing", [exercise for _link, exercise in fitting if exercise])
    page.exercise_list = [link for link, exercise in fitting if exercise]
    reader.relate("exercises", [exercise for _link, exercise in fitting if exercise])
    regions = named_regions(page, page.more_regions, reader)
    reader.relate("regions", regions)
    reader.relate("related", related := related_pages(page, reader))
    return DiagnosisDocument(
        type="diagnosis",
        synonyms=cards.lines(page.synonyms),
        codes=blocks.stream(page.codes, reader),
        who=page.who,
        red_flags=blocks.stream(page.red_flags, reader),
        sections=blocks.stream(page.sections, reader),
        differentials=cards.lines(page.differentials),
        recovery=Recovery(
            weeks_from=page.recovery_weeks_from,
            weeks_to=page.recovery_weeks_to,
            sentence=page.recovery,
            note=page.recovery_note,
        ),
        exercises=[
            FittingExercise(why=link.why, exercise=cards.exercise(exercise, reader))
            for link, exercise in fitting
            if exercise
        ],
        related=[cards.of(target, reader) for target in related],
        regions=[cards.region(region, reader) for region in regions],
        **parts.of_health_page(page, reader),
    )


def named_regions(page: Any, rows: Any, reader: Reader) -> list[RegionPage]:
    followed = reader.follow(list(rows.select_related("region")), "region", page)
    return reader.pages(row.region for row in followed)


def related_pages(page: DiagnosisPage, reader: Reader) -> list[Page]:
    """In the editor's order; a query for each type of page among them."""
    rows = reader.follow(list(page.related.select_related("target")), "target", page)
    order = [row.target.pk for row in rows]
    if not order:
        return []
    found = {target.pk: target for target in Page.objects.filter(pk__in=order).specific()}
    shown = reader.pages(found[key] for key in order if key in found)
    reader.shared.attach("drawing", [each for each in shown if isinstance(each, ExercisePage)])
    return shown


def exercise(page: ExercisePage, reader: Reader) -> ExerciseDocument:
    reader.note_ways_into(page)
    links = reader.follow(list(page.links.select_related("to")), "to", page)
    ways = [(link, reader.page(link.to)) for link in links]
    reader.relate("links", [to for _link, to in ways if to])
    easier, harder = reader.pages(page.steps_down()), reader.pages(page.steps_up())
    reader.shared.attach("drawing", [*(to for _link, to in ways if to), *easier, *harder])
    fitting = DiagnosisPage.objects.filter(
        exercises__exercise__translation_key=page.translation_key, locale=page.locale_id
    )
    diagnoses = reader.pages(fitting.order_by("path").distinct())
    regions = named_regions(page, page.regions, reader)
    reader.relate("regions", regions)
    dosage = page.default_dosage
    return ExerciseDocument.model_validate(
        {
            "type": "exercise",
            "other_names": cards.lines(page.other_names),
            "kind": page.kind,
            "level": page.level,
            "position": page.position,
            "laterality": page.laterality,
            "regions": [cards.region(region, reader) for region in regions],
            "media": blocks.stream(page.media, reader),
            "labels": cards.labels(page),
            "image": pictures.image(page.drawing, reader),
            "purpose": page.purpose,
            "steps": blocks.stream(page.steps, reader),
            "cues": cards.lines(page.cues),
            "mistakes": blocks.stream(page.mistakes, reader),
            "dosage": Dosage.model_validate(
                {
                    **asdict(dosage),
                    "sentence": dosage.sentence(),
                    "limits": dosage.limits(),
                }
            ),
            "stop_if": page.stop_if,
            "contraindications": cards.lines(page.contraindications),
            "precautions": cards.lines(page.precautions),
            "equipment": cards.lines(page.equipment),
            "home_alternative": page.home_alternative,
            "primary_muscles": cards.lines(page.primary_muscles),
            "secondary_muscles": cards.lines(page.secondary_muscles),
            "joints": cards.lines(page.joints),
            "links": [
                ExerciseLink(
                    kind=link.kind,
                    kind_label=str(link.get_kind_display()),
                    criterion=link.criterion,
                    exercise=cards.exercise(to, reader),
                )
                for link, to in ways
                if to
            ],
            "easier": [cards.exercise(step, reader) for step in easier],
            "harder": [cards.exercise(step, reader) for step in harder],
            "diagnoses": [cards.diagnosis(fits, reader) for fits in diagnoses],
            **parts.of_health_page(page, reader),
        }
    )


def region(page: RegionPage, reader: Reader) -> RegionDocument:
    reader.note(f"children:{page.pk}")
    reader.note_ways_into(page)
    below: dict[Any, list[Any]] = {
        kind: reader.pages(kind.objects.child_of(page).order_by("path"))
        for kind in (RegionPage, ArticlePage)
    }
    listed = page.diagnoses().order_by("path")
    below[DiagnosisPage] = reader.pages(listed)
    reader.relate("diagnoses", below[DiagnosisPage])
    reader.relate("articles", below[ArticlePage])
    return RegionDocument(
        type="region",
        html=words.html(page.body, reader),
        snomed_code=page.snomed_code,
        side_applies=page.side_applies,
        image=pictures.image(page.diagram, reader),
        regions=[cards.region(child, reader) for child in below[RegionPage]],
        diagnoses=[cards.diagnosis(child, reader) for child in below[DiagnosisPage]],
        articles=[cards.article(child, reader) for child in below[ArticlePage]],
        **parts.of_health_page(page, reader),
    )


def home(page: HomePage, reader: Reader) -> HomeDocument:
    reader.note(f"children:{page.pk}")
    reader.note("all:article")
    regions = RegionPage.objects.child_of(page).order_by("path")
    articles = ArticlePage.objects.descendant_of(page).order_by("path")
    return HomeDocument(
        type="home",
        tagline=page.tagline,
        welcome=words.html(page.welcome, reader),
        regions=[cards.region(child, reader) for child in reader.pages(regions)],
        articles=[cards.article(child, reader) for child in reader.pages(articles)],
        **parts.of_page(page, reader),
    )


def exercises(page: ExerciseIndexPage, reader: Reader) -> ExercisesDocument:
    return ExercisesDocument(type="exercises", **parts.of_page(page, reader))


def team(page: ClinicianIndexPage, reader: Reader) -> TeamDocument:
    reader.note(f"children:{page.pk}")
    shown = reader.pages(ClinicianPage.objects.child_of(page).order_by("path"))
    reader.shared.attach("photo", shown)
    reader.relate("clinicians", shown)
    return TeamDocument(
        type="team",
        intro=page.intro,
        clinicians=[cards.clinician(member, reader) for member in shown],
        **parts.of_page(page, reader),
    )


def site(page: HomePage, reader: Reader) -> SiteDocument:
    reader.note(f"children:{page.pk}")
    reader.note(installation.practice())
    reader.note(installation.addresses())
    children = reader.pages(page.get_children().specific())
    return SiteDocument(
        type="site",
        id=page.translation_key,
        locale=page.locale.language_code,
        title=settings.PRACTICE_NAME,
        address=settings.PRACTICE_ADDRESS,
        home=reader.path(page),
        navigation=[
            cards.CARDS[type(child)](child, reader) for child in children if child.show_in_menus
        ],
        locales=locales(page, reader),
        signup_url=f"{settings.SITE_URL}{SIGNUP}",
    )


def locales(page: Page, reader: Reader) -> list[str]:
    reader.note(f"translations:{page.translation_key}")
    homes = reader.pages(reader.shared.translations(page.translation_key))
    return sorted(home.locale.language_code for home in homes)


Make = Callable[[Any, Reader], Shape]

DOCUMENTS: dict[type[Page], dict[DocumentType, Make]] = {
    ArticlePage: {DocumentType.ARTICLE: article},
    ClinicianPage: {DocumentType.CLINICIAN: clinician},
    DiagnosisPage: {DocumentType.DIAGNOSIS: diagnosis},
    ExercisePage: {DocumentType.EXERCISE: exercise},
    ExerciseIndexPage: {DocumentType.EXERCISES: exercises},
    HomePage: {DocumentType.HOME: home, DocumentType.SITE: site},
    RegionPage: {DocumentType.REGION: region},
    ClinicianIndexPage: {DocumentType.TEAM: team},
}
