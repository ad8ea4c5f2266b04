"""What a page says in the words of schema.org, for search engines and for the content API.

`of(page)` takes any page of the site, in its specific type, and gives a dictionary ready for JSON:
a graph of the page, what it is about, the way to it, and the practice. All addresses are absolute.

A review is told only while it covers the text that is live (`lastReviewed`, `reviewedBy`): machines
would not see the "edited since" that readers see. Nothing is told of what an editor left empty.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.utils.translation import gettext as _
from wagtail.models import Page

from cms import schema_org
from cms.models import (
    ArticlePage,
    ClinicianIndexPage,
    ClinicianPage,
    DiagnosisPage,
    ExerciseIndexPage,
    ExercisePage,
    HealthPage,
    HomePage,
    Picture,
    RegionPage,
)
from cms.schema_org import SCHEMA, Node, filled

PATIENTS = {"@type": "MedicalAudience", "audienceType": "Patient"}


def of(page: Page, *, above: Sequence[Page] | None = None) -> Node:
    """The graph of a page. `above` are the pages over it, from the home page down, if known."""
    if above is None:
        above = list(page.get_ancestors().live().filter(depth__gt=1)) if page.path else []
    nodes = [web_page(page), schema_org.breadcrumbs(trail(page, above)), practice()]
    return {"@context": SCHEMA, "@graph": [node for node in nodes if node]}


def trail(page: Page, above: Sequence[Page]) -> list[tuple[str, str]]:
    """Names and addresses from the home page to this one; empty for the home page itself."""
    if not above:
        return []
    names = [_("Home"), *(str(each.title) for each in above[1:]), str(page.title)]
    return list(zip(names, (address(each) for each in (*above, page)), strict=True))


def address(page: Page) -> str:
    """The one address of a page, as its canonical link has it."""
    return str(page.full_url or "")


def practice() -> Node:
    return {
        "@type": "Physiotherapy",
        "@id": practice_id(),
        "name": settings.PRACTICE_NAME,
        "address": settings.PRACTICE_ADDRESS,
        "url": f"{settings.SITE_URL}/",
    }


def practice_id() -> str:
    return f"{settings.SITE_URL}/#practice"


def web_page(page: Page) -> Node:
    """The page itself, with what it is about inside."""
    url = address(page)
    common = {
        "@type": "WebPage",
        "@id": url,
        "url": url,
        "name": page.seo_title or page.title,
        "description": page.search_description or getattr(page, "summary", ""),
        "inLanguage": page.locale.language_code if page.locale_id else "",
        "datePublished": schema_org.when(page.first_published_at),
        "dateModified": schema_org.when(page.last_published_at),
        "publisher": {"@id": practice_id()},
    }
    health = health_page(page) if isinstance(page, HealthPage) else {}
    return filled({**common, **health, **own(page)})


def own(page: Page) -> Node:
    """What only pages of this type say."""
    for kind, tell in TELL.items():
        if isinstance(page, kind):
            said: Node = tell(page)
            return said
    return {}


# ------------------------------------------------------------------ pages about health


def health_page(page: HealthPage) -> Node:
    author: Any = page.author
    reviewed = None if page.changed_since_review else page.last_reviewed
    return {
        "@type": "MedicalWebPage",
        "audience": PATIENTS,
        "author": person_in_short(author) if author and author.live else None,
        "lastReviewed": reviewed.isoformat() if reviewed else None,
        "reviewedBy": [reviewer(approval) for approval in page.last_approvals]
        if reviewed
        else None,
        "citation": [source(b.value["citation"]) for b in page.citations if b.value["citation"]],
    }


def reviewer(approval: Any) -> Node:
    clinician = approval.clinician
    if clinician is not None and clinician.live:
        return person_in_short(clinician)
    return {"@type": "Person", "name": approval.clinician_name}


def source(citation: Any) -> Node:
    kinds = {"article": "ScholarlyArticle", "guideline": "ScholarlyArticle", "book": "Book"}
    return filled(
        {
            "@type": kinds.get(citation.kind, "CreativeWork"),
            "name": citation.title,
            "author": citation.authors,
            "datePublished": str(citation.year),
            "sameAs": [url for _label, url in citation.links],
        }
    )


def diagnosis(page: DiagnosisPage) -> Node:
    parent = page.get_parent() if page.path else None
    region = str(parent.title) if parent and parent.live else ""
    about = {
        **condition(page),
        "description": page.summary,
        "alternateName": values(page.synonyms),
        "code": [schema_org.code(b.value["system"], b.value["value"]) for b in page.codes],
        "associatedAnatomy": schema_org.named("AnatomicalStructure", region),
        "epidemiology": page.who,
        "expectedPrognosis": " ".join(filter(None, [page.recovery, page.recovery_note])),
        "differentialDiagnosis": [
            {"@type": "DDxElement", "diagnosis": schema_org.named("MedicalCondition", name)}
            for name in values(page.differentials)
        ],
        "possibleTreatment": [
            {
                "@type": "PhysicalTherapy",
                "name": link.exercise.title,
                "url": address(link.exercise),
            }
            for link in page.exercise_list
        ],
    }
    parts = [
        schema_org.section(b.value["aspect"], heading=b.value["heading"]) for b in page.sections
    ]
    return {"about": filled(about), "hasPart": parts}


def condition(page: Page) -> Node:
    """A diagnosis in short, as others point at it."""
    url = address(page)
    return {"@type": "MedicalCondition", "@id": f"{url}#condition", "name": page.title, "url": url}


def exercise(page: ExercisePage) -> Node:
    dosage = page.default_dosage
    plan = {
        "@type": "ExercisePlan",
        "@id": f"{address(page)}#plan",
        "name": page.title,
        "alternateName": values(page.other_names),
        "description": dosage.sentence(),
        "exerciseType": page.get_kind_display(),
        "intensity": dosage.limits(),
        "repetitions": schema_org.span(dosage.reps_from, dosage.reps_to),
        "additionalVariable": dosage.amount(),
        "activityFrequency": dosage.frequency(),
        "activityDuration": schema_org.duration(dosage.duration_seconds or dosage.hold_seconds),
        "associatedAnatomy": [
            *(schema_org.named("Muscle", name) for name in values(page.primary_muscles)),
            *(schema_org.named("Joint", name) for name in values(page.joints)),
        ],
    }
    therapy = {
        "@type": "PhysicalTherapy",
        "name": page.title,
        "description": page.purpose,
        "howPerformed": [step.value["text"] for step in page.steps],
        "contraindication": [
            schema_org.named("MedicalContraindication", name)
            for name in values(page.contraindications)
        ],
    }
    return {
        "mainEntity": filled(plan),
        "about": filled(therapy),
        "primaryImageOfPage": image(page.drawing),
    }


def article(page: ArticlePage) -> Node:
    diagnoses: dict[int, Node] = {}
    for block in page.body:
        if block.block_type == "diagnoses":
            found = [each for each in block.value["diagnoses"] if each and each.live]
            diagnoses.update({each.pk: condition(each) for each in found})
    return {
        "@type": ["MedicalWebPage", "Article"],
        "headline": page.title,
        "about": list(diagnoses.values()),
    }


def region(page: RegionPage) -> Node:
    code = schema_org.code("SNOMED CT", page.snomed_code) if page.snomed_code else None
    about = {"@type": "AnatomicalStructure", "name": page.title, "code": code}
    return {"about": filled(about)}


# ------------------------------------------------------------------ people and lists


def person_in_short(page: ClinicianPage) -> Node:
    url = address(page)
    return filled(
        {
            "@type": "Person",
            "@id": f"{url}#person",
            "name": page.title,
            "honorificSuffix": page.credentials,
            "jobTitle": page.role,
            "url": url,
            "sameAs": page.orcid_url,
        }
    )


def clinician(page: ClinicianPage) -> Node:
    registration = {
        "@type": "PropertyValue",
        "propertyID": page.registration_body,
        "value": page.registration_number,
    }
    person = {
        **person_in_short(page),
        "worksFor": {"@id": practice_id()},
        "image": image(page.photo),
        "identifier": filled(registration) if page.registration_number else None,
    }
    return {"@type": "ProfilePage", "mainEntity": filled(person)}


def collection(_page: Page) -> Node:
    return {"@type": "CollectionPage"}


def home(page: HomePage) -> Node:
    site = {
        "@type": "WebSite",
        "@id": f"{settings.SITE_URL}/#site",
        "url": f"{settings.SITE_URL}/",
        "name": settings.PRACTICE_NAME,
        "publisher": {"@id": practice_id()},
    }
    return {
        "description": page.search_description or page.tagline,
        "about": {"@id": practice_id()},
        "isPartOf": site,
    }


def image(picture: Picture | None) -> Node | None:
    if picture is None:
        return None
    return filled(
        {
            "@type": "ImageObject",
            "contentUrl": urljoin(settings.SITE_URL, picture.shown()["url"]),
            "caption": picture.description,
            "creditText": picture.author,
            "copyrightNotice": picture.licence,
        }
    )


def values(stream: Iterable[Any]) -> list[str]:
    """The texts of a list of short texts."""
    return [str(block.value) for block in stream]


TELL: Mapping[type[Page], Any] = {
    DiagnosisPage: diagnosis,
    ExercisePage: exercise,
    ArticlePage: article,
    RegionPage: region,
    ClinicianPage: clinician,
    ClinicianIndexPage: collection,
    ExerciseIndexPage: collection,
    HomePage: home,
}
