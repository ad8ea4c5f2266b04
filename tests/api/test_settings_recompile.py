"""Settings are sources as well: what shows one is made again when it changes, and nothing else."""

import pytest
from django.test import Client
from pytest_django import Settings
from wagtail.models import Locale, Page, Site

from cms.documents import working
from cms.models import ClinicianPage, Document
from cms.models.front_end import FrontEnd, Remembered
from cms.sample import Loaded
from tests.api.reading import get
from tests.api.test_recompiling import ALL, compiling, republish

HOST = "https://front.example.org"


@pytest.fixture
def headless(settings: Settings, compiled: Loaded) -> Loaded:
    settings.HEADLESS_CLIENT_URL = HOST
    Remembered.until = 0.0
    working.repair()
    return compiled


def types_changed(before: dict[int, str]) -> set[str]:
    after = Document.objects.values_list("pk", "etag", "type")
    return {kind for pk, etag, kind in after if before[pk] != etag}


def etags() -> dict[int, str]:
    return dict(Document.objects.values_list("pk", "etag"))


def test_another_name_of_the_practice_is_noticed_without_a_signal(
    compiled: Loaded, client: Client, settings: Settings
) -> None:
    assert working.repair() == 0
    settings.PRACTICE_NAME = "Elm Clinic"

    assert working.repair() == len(ALL)
    assert working.repair() == 0

    assert get(client, "site/")["title"] == "Elm Clinic"
    assert not Document.objects.exclude(body__contains="Elm Clinic").exists()


def test_another_address_of_ours_is_noticed(compiled: Loaded, settings: Settings) -> None:
    settings.SITE_URL = "https://elm.example.org"

    assert working.repair() == len(ALL)

    assert not Document.objects.exclude(body__contains="https://elm.example.org").exists()


def test_a_setting_that_no_document_shows_compiles_nothing(
    compiled: Loaded, settings: Settings
) -> None:
    settings.PRACTICE_PHONE = "555 0100"
    settings.HEADLESS_PREVIEW_PATH = "/drafts/"

    assert working.repair() == 0


def test_the_front_end_of_a_site_is_in_what_has_absolute_addresses(headless: Loaded) -> None:
    before = etags()

    with compiling() as seen:
        FrontEnd.objects.create(site=Site.objects.get(), url="https://new.example.org")

    assert seen.titles == ALL
    # The document of the site has paths only.
    assert types_changed(before) == set(Document.objects.values_list("type", flat=True)) - {"site"}
    assert not Document.objects.filter(body__contains=HOST).exists()


def test_a_front_end_that_another_process_still_remembers_is_noticed_later(
    headless: Loaded,
) -> None:
    row = FrontEnd.objects.create(site=Site.objects.get(), url="https://new.example.org")
    working.work()
    FrontEnd.objects.filter(pk=row.pk).update(url="https://newer.example.org")

    assert working.repair() == 0  # as this process remembers it
    Remembered.until = 0.0

    assert working.repair() == len(ALL)
    assert Document.objects.filter(body__contains="https://newer.example.org").exists()


def test_the_preview_path_of_a_front_end_shows_in_no_document(headless: Loaded) -> None:
    with compiling() as seen:
        FrontEnd.objects.create(site=Site.objects.get(), preview_path="/drafts/")

    assert seen.titles == set()


def test_a_menu_shows_what_is_published_into_it(compiled: Loaded, client: Client) -> None:
    page = compiled.region
    page.show_in_menus = False
    page.save_revision().publish()
    working.work()
    assert "Hip" not in [item["title"] for item in get(client, "site/")["navigation"]]
    page.show_in_menus = True

    with compiling() as seen:
        page.save_revision().publish()

    assert "Oak Clinic" in seen.titles
    assert "Hip" in [item["title"] for item in get(client, "site/")["navigation"]]


def test_a_new_order_of_the_menu(compiled: Loaded, client: Client) -> None:
    page = Page.objects.get(title="Hip")

    with compiling() as seen:
        page.move(Page.objects.get(pk=compiled.home.pk), pos="first-child")

    assert seen.titles == {"Oak Clinic"}


def test_a_clinician_who_wrote_a_page(compiled: Loaded) -> None:
    team = Page.objects.get(title="Exercises").get_parent()
    person = ClinicianPage(title="Kim Lee", slug="kim", role="Physiotherapist")
    team.add_child(instance=person)
    person.save_revision().publish()
    page = compiled.exercises["move-2"]
    page.author = person
    republish(page)
    working.work()
    person.credentials = "DPT"
    person.title = "Kim Park"

    with compiling() as seen:
        person.save_revision().publish()

    assert seen.titles == {"Kim Park", "Move 2", "Oak Clinic"}
    assert "Kim Park" in Document.objects.get(title="Move 2").body


def test_a_language_by_another_name(compiled: Loaded) -> None:
    locale = Locale.objects.get(language_code="en-us")

    with compiling() as seen:
        locale.save()

    assert seen.titles == ALL
