"""An editor changes a diagnosis, a clinician approves it, and readers see who stands behind it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from django.utils.formats import date_format
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from cms import sample
from cms.models import ClinicianPage, DiagnosisPage, User
from tests.cms import clinic, samples

pytestmark = pytest.mark.journey


@pytest.fixture
def server(committed: None) -> Iterator[LiveServer]:
    server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.fixture
def page(committed: None, tmp_path: Path, settings: Settings) -> DiagnosisPage:
    folder = samples.write(
        tmp_path / "content", content=samples.pages(2), moves=samples.exercises(2)
    )
    settings.MEDIA_ROOT = tmp_path / "media"
    loaded = sample.load(folder)
    clinic.user("eddie", "Editors")
    clinic.clinician(loaded, "Mara", account=clinic.user("mara"))
    return clinic.diagnosis(loaded)


def signed_in(browser: Browser, server: LiveServer, name: str) -> Page:
    tab = browser.new_context(base_url=server.url).new_page()
    tab.set_default_timeout(60_000)
    tab.goto("/admin/login/")
    tab.fill("#id_username", name)
    tab.fill("#id_password", "secret")
    tab.get_by_role("button", name="Sign in").click()
    tab.wait_for_url("**/admin/")
    return tab


def choose(tab: Page, action: str) -> None:
    """An action from the menu beside "Save draft"."""
    tab.locator("footer [data-controller~=w-dropdown] button").first.click()
    tab.get_by_role("button", name=action, exact=True).click()
    tab.wait_for_url(lambda url: "/edit/" not in url)


def test_an_editor_writes_a_clinician_approves_and_readers_see_it(
    server: LiveServer, browser: Browser, page: DiagnosisPage
) -> None:
    editor = signed_in(browser, server, "eddie")
    editor.goto(f"/admin/pages/{page.pk}/edit/")
    editor.fill("#id_summary", "A hip that aches at night.")
    choose(editor, "Submit to Clinical review")

    reader = browser.new_page(base_url=server.url)
    reader.goto(page.url)
    expect(reader.locator(".lead")).to_have_text("A hip that aches.")
    expect(reader.locator(".reviewed")).to_have_text("Not yet reviewed by a clinician")

    clinician = signed_in(browser, server, "mara")
    expect(clinician.locator("#panel-awaiting-review-content, main")).to_contain_text("Sore hip")
    clinician.goto(f"/admin/pages/{page.pk}/edit/")
    choose(clinician, "Approve and publish")

    # A new one, since the first may keep what it has for a minute.
    reader = browser.new_page(base_url=server.url)
    reader.goto(page.url)
    expect(reader.locator(".lead")).to_have_text("A hip that aches at night.")
    today = date_format(timezone.localdate())
    expect(reader.locator(".reviewed")).to_contain_text(f"Last reviewed {today} by Mara, DPT")
    assert ClinicianPage.objects.get(account=User.objects.get(username="mara")).approvals.exists()
