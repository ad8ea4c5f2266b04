from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cms.models import Citation, User
from cms.sample import Loaded
from tests.cms import clinic


def citation(**other: Any) -> Citation:
    values = {"title": "On hips", "authors": "Doe A", "year": 2020, "doi": "10.1000/xyz123"}
    return Citation(**{**values, **other})


def saved(**other: Any) -> Citation:
    made = citation(**other)
    made.full_clean()
    made.save()
    return made


def faults(**other: Any) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        citation(**other).full_clean()
    return list(refused.value.message_dict)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("10.1000/xyz123", "10.1000/xyz123"),
        (" https://doi.org/10.1000/XYZ123 ", "10.1000/xyz123"),
        ("doi: 10.1000/xyz123", "10.1000/xyz123"),
        ("http://dx.doi.org/10.1000/xyz123/", "10.1000/xyz123"),
    ],
)
def test_a_doi_is_kept_bare_however_it_was_copied(db: None, written: str, kept: str) -> None:
    assert saved(doi=written).doi == kept


@pytest.mark.parametrize(
    "doi", ["11.1000/x", "10.1/x", "10.1000/", "10.1000/a b", "xyz", "https://example.org"]
)
def test_a_doi_that_is_none_is_refused_at_its_field(db: None, doi: str) -> None:
    assert faults(doi=doi) == ["doi"]


@pytest.mark.parametrize("pmid", ["0123", "12a", "1234567890", "-1"])
def test_a_pmid_that_is_none_is_refused_at_its_field(db: None, pmid: str) -> None:
    assert faults(pmid=pmid) == ["pmid"]


def test_a_pubmed_address_is_a_pmid(db: None) -> None:
    assert saved(pmid="https://pubmed.ncbi.nlm.nih.gov/18259783/").pmid == "18259783"


def test_a_source_that_nobody_could_find_is_refused(db: None) -> None:
    assert "doi" in faults(doi="")
    with pytest.raises(IntegrityError):
        Citation.objects.create(title="x", authors="x", year=2000)


def test_an_address_alone_is_enough_and_two_may_lack_a_doi(db: None) -> None:
    saved(doi="", url="https://example.org/a")
    saved(doi="", url="https://example.org/b")

    assert Citation.objects.filter(doi=None, pmid=None).count() == 2


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        ({}, {"doi": "https://doi.org/10.1000/XYZ123"}, "doi"),
        ({"pmid": "17"}, {"doi": "10.1000/other", "pmid": "17"}, "pmid"),
    ],
)
def test_the_same_source_is_entered_once(
    db: None, first: dict[str, str], second: dict[str, str], field: str
) -> None:
    saved(**first)

    assert faults(**second) == [field]


def test_a_year_is_a_year(db: None) -> None:
    assert faults(year=20) == ["year"]


def test_the_page_ends_with_its_references(loaded: Loaded, client: Client) -> None:
    page = clinic.diagnosis(loaded)
    source = saved(pmid="18259783", journal="J Hip", evidence_level="A")

    clinic.publish(
        page, citations=[("citation", {"citation": source, "supports": "That it aches."})]
    )

    shown = BeautifulSoup(client.get(page.url).content, "html.parser").select_one(".references")
    assert shown is not None
    assert [link["href"] for link in shown.select("a")] == [
        "https://doi.org/10.1000/xyz123",
        "https://pubmed.ncbi.nlm.nih.gov/18259783/",
    ]
    assert "That it aches." in shown.text
    assert "Evidence A" in shown.text


def test_twenty_references_cost_as_many_queries_as_one(loaded: Loaded, client: Client) -> None:
    page = clinic.diagnosis(loaded)
    sources = [saved(doi=f"10.1000/{number}") for number in range(20)]

    def queries(count: int) -> int:
        cited = [("citation", {"citation": s, "supports": ""}) for s in sources[:count]]
        clinic.publish(page, citations=cited)
        client.get(page.url)
        with CaptureQueriesContext(connection) as captured:
            client.get(page.url)
        return len(captured)

    assert queries(1) == queries(20)


def test_another_source_is_another_substance(loaded: Loaded) -> None:
    page = clinic.diagnosis(loaded)
    account = clinic.user("mara")
    clinic.clinician(loaded, "Mara", account=account)
    clinic.approve(page, by=account)

    clinic.publish(page, citations=[("citation", {"citation": saved(), "supports": "x"})])

    assert page.changed_since_review


def test_editors_find_a_citation_by_title_and_by_doi(
    db: None, client: Client, admin_user: User
) -> None:
    saved()
    saved(title="On knees", doi="10.1000/knee")
    client.force_login(admin_user)
    url = reverse("wagtailsnippets_cms_citation:list")

    for query in ("knees", "10.1000/knee"):
        found = client.get(url, {"q": query}).context["object_list"]
        assert [citation.title for citation in found] == ["On knees"], query


@pytest.fixture
def editor(loaded: Loaded, client: Client) -> Client:
    """Somebody of the group that writes, as a new installation makes it."""
    client.force_login(clinic.user("eddie", "Editors"))
    return client


FORM = {"title": "On knees", "authors": "Doe A", "year": "2021", "kind": "article"}


def test_an_editor_enters_a_source_and_is_told_at_the_field_what_is_wrong(editor: Client) -> None:
    url = reverse("wagtailsnippets_cms_citation:add")

    refused = editor.post(url, {**FORM, "doi": "10.1/none"})
    nowhere = editor.post(url, FORM)
    kept = editor.post(url, {**FORM, "doi": "https://doi.org/10.1000/knee"})

    assert refused.context["form"].errors.keys() == {"doi"}
    assert "A DOI looks like 10.1000/xyz123." in refused.content.decode()
    assert "doi" in nowhere.context["form"].errors
    assert kept.status_code == 302
    assert Citation.objects.filter(doi="10.1000/knee").exists()


def test_a_source_is_previewed_as_pages_show_it(editor: Client) -> None:
    made = saved(evidence_level="A")
    url = reverse("wagtailsnippets_cms_citation:preview_on_edit", args=[made.pk])
    widths = {size["device_width"] for size in made.preview_sizes}

    answer = editor.post(url, {**FORM, "title": "Half typed", "doi": "10.1000/xyz123"})
    html = editor.get(url).content.decode()

    assert answer.json()["is_valid"]
    assert "<cite>Half typed</cite>" in html
    assert min(widths) <= 390
    assert max(widths) >= 1280


def test_the_chooser_finds_a_source_and_takes_a_new_one(editor: Client) -> None:
    saved()
    saved(title="On knees", doi="10.1000/knee", evidence_level="B")
    chooser = "wagtailsnippetchoosers_cms_citation"

    page = editor.get(reverse(f"{chooser}:choose")).json()["html"]
    found = editor.get(reverse(f"{chooser}:choose_results"), {"q": "knees"}).content.decode()
    refused = editor.post(reverse(f"{chooser}:create"), {**FORM, "doi": "none"}).json()
    created = editor.post(reverse(f"{chooser}:create"), {**FORM, "doi": "10.1000/new"}).json()

    assert "New source" in page
    assert "10.1000/knee" in found
    assert "10.1000/xyz123" not in found
    assert "A DOI looks like" in refused["htmlFragment"]
    assert created["step"] == "chosen", created
    assert Citation.objects.filter(doi="10.1000/new").exists()
