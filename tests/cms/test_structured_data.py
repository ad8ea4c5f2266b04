import json
from datetime import date
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from wagtail.models import Page

from cms import structured_data
from cms.models import Approval, Citation, ClinicianIndexPage, ClinicianPage, HealthPage
from cms.sample import Loaded

SITE = "http://localhost:8000"


@pytest.fixture
def loaded(kept: Loaded) -> Loaded:
    return kept


def graph(page: Page) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = structured_data.of(page)["@graph"]
    return nodes


def review(page: HealthPage, clinician: ClinicianPage) -> None:
    page.last_reviewed, page.next_review_due = date(2026, 3, 1), date(2028, 3, 1)
    page.approved_fingerprint = page.live_fingerprint
    page.save()
    Approval.objects.create(
        page=page,
        clinician=clinician,
        clinician_name=clinician.full_name,
        reviewed_on=page.last_reviewed,
        next_due=page.next_review_due,
        substance={},
        fingerprint=page.live_fingerprint,
    )


@pytest.fixture
def mara(loaded: Loaded) -> ClinicianPage:
    team = loaded.home.add_child(instance=ClinicianIndexPage(title="Team", slug="team"))
    page: ClinicianPage = team.add_child(
        instance=ClinicianPage(title="Mara Ellison", slug="mara", credentials="DPT", role="Lead")
    )
    return page


def test_a_diagnosis_is_a_page_about_a_condition(loaded: Loaded) -> None:
    page, *_others = graph(loaded.diagnoses["sore-hip"])

    assert page["@type"] == "MedicalWebPage"
    assert page["url"] == f"{SITE}/hip/sore-hip/"
    assert page["audience"]["audienceType"] == "Patient"
    assert page["about"] == {
        "@type": "MedicalCondition",
        "@id": f"{SITE}/hip/sore-hip/#condition",
        "name": "Sore hip",
        "url": f"{SITE}/hip/sore-hip/",
        "description": "A hip that aches.",
        "alternateName": ["Hip ache"],
        "code": [{"@type": "MedicalCode", "codingSystem": "ICD-10-CM", "codeValue": "M25.5"}],
        "associatedAnatomy": {"@type": "AnatomicalStructure", "name": "Hip"},
        "expectedPrognosis": "6 to 12 weeks",
        "differentialDiagnosis": [
            {
                "@type": "DDxElement",
                "diagnosis": {"@type": "MedicalCondition", "name": "A sore back"},
            }
        ],
        "possibleTreatment": [
            {"@type": "PhysicalTherapy", "name": f"Move {n}", "url": f"{SITE}/exercises/move-{n}/"}
            for n in (1, 2)
        ],
    }
    assert [part["hasHealthAspect"] for part in page["hasPart"]] == [
        "https://schema.org/OverviewHealthAspect",
        "https://schema.org/SymptomsHealthAspect",
    ]


def test_an_exercise_is_a_plan_and_a_therapy_with_reasons_against_it(loaded: Loaded) -> None:
    page, *_others = graph(loaded.exercises["move-1"])

    assert page["mainEntity"] == {
        "@type": "ExercisePlan",
        "@id": f"{SITE}/exercises/move-1/#plan",
        "name": "Move 1",
        "alternateName": ["The other name"],
        "description": "2 to 3 sets of 8 to 12, 3 days a week",
        "exerciseType": "Strength",
        "repetitions": {"@type": "QuantitativeValue", "minValue": 8, "maxValue": 12},
        "additionalVariable": "2 to 3 sets of 8 to 12",
        "activityFrequency": "3 days a week",
    }
    assert page["primaryImageOfPage"]["contentUrl"].startswith(f"{SITE}/media/")
    assert page["primaryImageOfPage"]["caption"] == "A person does move 1."
    assert page["about"]["@type"] == "PhysicalTherapy"
    assert page["about"]["contraindication"] == [
        {"@type": "MedicalContraindication", "name": "A fresh fracture."}
    ]


def test_an_article_names_the_conditions_that_it_is_about(loaded: Loaded) -> None:
    page, *_others = graph(loaded.article)

    assert page["@type"] == ["MedicalWebPage", "Article"]
    assert [node["name"] for node in page["about"]] == ["Sore hip"]


def test_nobody_is_told_as_reviewer_before_a_review(loaded: Loaded) -> None:
    page, *_others = graph(loaded.diagnoses["sore-hip"])

    assert not {"lastReviewed", "reviewedBy"} & page.keys()


def test_a_review_is_told_with_its_date_and_who_did_it(loaded: Loaded, mara: ClinicianPage) -> None:
    diagnosis = loaded.diagnoses["sore-hip"]
    review(diagnosis, mara)

    page, *_others = graph(diagnosis)

    assert page["lastReviewed"] == "2026-03-01"
    assert page["reviewedBy"] == [
        {
            "@type": "Person",
            "@id": f"{SITE}/team/mara/#person",
            "name": "Mara Ellison",
            "honorificSuffix": "DPT",
            "jobTitle": "Lead",
            "url": f"{SITE}/team/mara/",
        }
    ]


def test_a_reviewer_who_left_is_told_by_name_alone(loaded: Loaded, mara: ClinicianPage) -> None:
    diagnosis = loaded.diagnoses["sore-hip"]
    review(diagnosis, mara)
    mara.unpublish()

    page, *_others = graph(diagnosis)

    assert page["reviewedBy"] == [{"@type": "Person", "name": "Mara Ellison, DPT"}]


def test_a_review_of_another_text_is_not_told(loaded: Loaded, mara: ClinicianPage) -> None:
    diagnosis = loaded.diagnoses["sore-hip"]
    review(diagnosis, mara)
    diagnosis.live_fingerprint = "another"

    page, *_others = graph(diagnosis)

    assert not {"lastReviewed", "reviewedBy"} & page.keys()


def test_sources_are_told_with_their_lasting_addresses(loaded: Loaded) -> None:
    page = loaded.diagnoses["sore-hip"]
    source = Citation.objects.create(title="T", authors="A", year=2020, doi="10.1000/xyz123")
    page.citations = [("citation", {"citation": source, "supports": ""})]

    node, *_others = graph(page)

    assert node["citation"][0]["sameAs"] == ["https://doi.org/10.1000/xyz123"]


def test_the_way_to_a_page_begins_at_the_home_page(loaded: Loaded) -> None:
    _page, way, _practice = graph(loaded.diagnoses["sore-hip"])

    assert way["@type"] == "BreadcrumbList"
    assert [(item["position"], item["name"], item["item"]) for item in way["itemListElement"]] == [
        (1, "Home", f"{SITE}/"),
        (2, "Hip", f"{SITE}/hip/"),
        (3, "Sore hip", f"{SITE}/hip/sore-hip/"),
    ]


def test_the_practice_stands_on_every_page(loaded: Loaded, mara: ClinicianPage) -> None:
    for page in (loaded.home, loaded.article, mara, mara.get_parent().specific):
        assert graph(page)[-1]["@type"] == "Physiotherapy"


def test_a_clinician_is_a_person_who_works_for_the_practice(mara: ClinicianPage) -> None:
    mara.registration_body, mara.registration_number = "State board", "PT 1"

    page, *_others = graph(mara)

    assert page["@type"] == "ProfilePage"
    assert page["mainEntity"]["worksFor"] == {"@id": f"{SITE}/#practice"}
    assert page["mainEntity"]["identifier"]["value"] == "PT 1"


def test_a_page_without_a_place_in_the_tree_can_be_told_too(db: None) -> None:
    """The preview of a page that is not saved yet."""
    page, practice = graph(ClinicianPage(title="New", slug="new"))

    assert page["name"] == "New"
    assert practice["@type"] == "Physiotherapy"


@pytest.mark.parametrize("path", ["/", "/hip/", "/hip/sore-hip/", "/hip/run-again/"])
def test_a_page_carries_its_data_where_no_text_can_break_out(
    loaded: Loaded, client: Client, path: str
) -> None:
    evil = "</script><script>alert(1)</script>"
    Page.objects.filter(url_path=f"/home{path}").update(title=evil)

    page = BeautifulSoup(client.get(path).content, "html.parser")

    (script,) = page.select("script[type='application/ld+json']")
    assert json.loads(script.get_text())["@graph"][0]["name"] == evil
    assert "alert(1)" not in [tag.get_text() for tag in page.select("script:not([type])")]
