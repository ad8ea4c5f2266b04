"""What nurture offers on the pages of cms, through a template of the same name."""

from typing import Any

import pytest
from django.test import Client
from wagtail.models import Page

from cms.models import DiagnosisPage
from cms.sample import Loaded
from nurture.models import Sequence


def sequence(diagnosis: DiagnosisPage, **changes: Any) -> Sequence:
    values = {
        "title": "Eight steady weeks",
        "goal": "Walk well",
        "what_to_expect": "A mail a week",
        "locale": diagnosis.locale,
        "plan_number": 1,
        **changes,
    }
    return Sequence.objects.create(diagnosis=diagnosis, **values)


@pytest.mark.parametrize("path", ["/hip/sore-hip/", "/hip/run-again/"])
def test_a_page_offers_the_programmes_of_its_diagnoses(
    loaded: Loaded, client: Client, path: str
) -> None:
    row = sequence(loaded.diagnoses["sore-hip"])

    page = client.get(path).content.decode()

    assert "Get this as a weekly programme by e-mail" in page
    assert f'href="/signup/?programme={row.translation_key.hex}"' in page
    assert "Eight steady weeks" in page


def test_the_first_lines_of_a_diagnosis_lead_to_its_programmes(
    loaded: Loaded, client: Client
) -> None:
    assert b'href="#programmes"' not in client.get("/hip/sore-hip/").content

    sequence(loaded.diagnoses["sore-hip"])

    page = client.get("/hip/sore-hip/").content.decode()
    assert 'href="#programmes"' in page
    assert 'id="programmes"' in page


def test_a_programme_that_is_not_live_is_not_offered(loaded: Loaded, client: Client) -> None:
    sequence(loaded.diagnoses["sore-hip"], live=False)

    assert b"weekly programme by e-mail" not in client.get("/hip/sore-hip/").content


@pytest.mark.parametrize("path", ["/", "/hip/", "/exercises/move-1/"])
def test_pages_about_no_diagnosis_offer_none(loaded: Loaded, client: Client, path: str) -> None:
    sequence(loaded.diagnoses["sore-hip"])

    assert b"weekly programme by e-mail" not in client.get(path).content


def test_the_menu_leads_to_the_programmes_and_to_what_editors_chose(
    loaded: Loaded, client: Client
) -> None:
    Page.objects.filter(slug="exercises").update(show_in_menus=False)

    page = client.get("/").content.decode()

    assert 'href="/signup/"' in page
    assert 'href="/hip/"' in page
    assert 'href="/exercises/"' not in page
