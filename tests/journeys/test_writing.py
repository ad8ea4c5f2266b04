"""An editor writes a diagnosis from nothing, a clinician approves it, and readers find it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Request, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from cms import sample
from cms.models import DiagnosisPage, RegionPage
from cms.sample import Loaded
from tests.cms import clinic, samples

QUIET_MS = 4_000  # an autosave leaves half a second after the last key
pytestmark = [
    pytest.mark.journey,
    # Wagtail leaves the file of a drawing open when it makes a thumbnail.
    pytest.mark.filterwarnings(
        "ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning"
    ),
]

FROM_WORD = (
    '<!--[if gte mso 9]><xml></xml><![endif]--><p class="MsoNormal" style="mso-list:l0">'
    '<span lang="EN-US" style="font-family:Calibri;color:red"><b>Stairs</b> hurt'
    "<o:p></o:p></span></p>"
)
PASTE = """html => navigator.clipboard.write([
    new ClipboardItem({'text/html': new Blob([html], {type: 'text/html'})})
])"""
# What Wagtail's own parts of an editor's page do, by the rule of axe and a part of the element.
WAGTAILS_OWN = {
    "aria-input-field-name": "public-DraftEditor-content",  # rich text has no name of its own
    "scrollable-region-focusable": "w-minimap__list",
    "button-name": "w-editing-sessions__session",
    "aria-dialog-name": "modal fade",
}


@pytest.fixture
def server(committed: None) -> Iterator[LiveServer]:
    server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.fixture
def loaded(committed: None, tmp_path: Path, settings: Settings) -> Loaded:
    settings.MEDIA_ROOT = tmp_path / "media"
    folder = samples.write(
        tmp_path / "content", content=samples.pages(2), moves=samples.exercises(2)
    )
    loaded = sample.load(folder)
    clinic.user("eddie", "Editors")
    clinic.clinician(loaded, "Mara", account=clinic.user("mara"))
    return loaded


def signed_in(browser: Browser, server: LiveServer, name: str) -> Page:
    context = browser.new_context(base_url=server.url)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.set_default_timeout(60_000)
    tab.goto("/admin/login/")
    tab.fill("#id_username", name)
    tab.fill("#id_password", "secret")
    tab.get_by_role("button", name="Sign in").click()
    tab.wait_for_url("**/admin/")
    return tab


def part(tab: Page, name: str) -> Locator:
    return tab.locator(f"#panel-child-content-{name}-content")


def choose(tab: Page, action: str) -> None:
    """An action from the menu beside "Save draft"."""
    tab.locator("footer [data-controller~=w-dropdown] button").first.click()
    tab.get_by_role("button", name=action, exact=True).click()


def settle(tab: Page) -> None:
    """Wait until no autosave is under way or about to leave.

    One that is answered after the form was sent counts as "you saved in another window".
    """
    sent: list[Request] = []
    tab.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    tab.wait_for_timeout(QUIET_MS)
    while sent:
        sent.clear()
        tab.wait_for_timeout(QUIET_MS)


def begin(tab: Page, region: RegionPage) -> None:
    tab.goto(f"/admin/pages/{region.pk}/")
    tab.get_by_role("link", name="Add child page").first.click()
    tab.get_by_role("link", name="Diagnosis", exact=True).click()
    tab.fill("#id_title", "Sore knee")
    tab.fill("#id_summary", "A knee that aches.")
    tab.fill("#id_recovery_weeks_from", "6")
    tab.fill("#id_recovery_weeks_to", "12")


def write_sections(tab: Page) -> None:
    """Two of those that the template brings: one is typed, one is pasted from Word."""
    sections = part(tab, "sections")
    bins = sections.get_by_role("button", name="Delete")
    for left in range(bins.count(), 2, -1):
        bins.last.click()
        expect(bins).to_have_count(left - 1)
    texts = sections.locator("[contenteditable=true]")
    texts.nth(0).click()
    tab.keyboard.press("Control+a")
    tab.keyboard.type("It aches when it works.")
    tab.evaluate(PASTE, FROM_WORD)
    texts.nth(1).click()
    tab.keyboard.press("Control+a")
    tab.keyboard.press("Control+v")


def choose_exercise(tab: Page) -> None:
    tab.get_by_role("button", name="Add exercise").click()
    dialog = tab.locator(".modal-body")
    dialog.get_by_label("Search").fill("other name")
    expect(dialog.get_by_role("checkbox")).to_have_count(2)
    dialog.get_by_label("Search").fill("Move 2")
    expect(dialog.get_by_role("checkbox")).to_have_count(1)
    assert dialog.locator("img.exercise-drawing").is_visible()
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name="Confirm selection").click()
    tab.get_by_label("Why it fits").fill("It makes the knee strong.")


def test_an_editor_writes_a_diagnosis_from_nothing_and_it_goes_live(
    server: LiveServer, browser: Browser, loaded: Loaded
) -> None:
    editor = signed_in(browser, server, "eddie")
    region = RegionPage.objects.get()
    begin(editor, region)
    write_sections(editor)
    choose_exercise(editor)

    editor.wait_for_url("**/edit/")  # the first autosave has made the page
    settle(editor)
    choose(editor, "Submit to Clinical review")  # the red flag is still the template's advice
    flags = part(editor, "red_flags")
    expect(flags.locator("[id$=sign-errors]")).to_contain_text("Replace the advice")
    flags.get_by_role("textbox").fill("The knee is hot and you have a fever.")
    flags.get_by_role("combobox").select_option(label="See a doctor today")
    settle(editor)
    choose(editor, "Submit to Clinical review")
    editor.wait_for_url(f"**/admin/pages/{region.pk}/")

    clinician = signed_in(browser, server, "mara")
    clinician.get_by_role("link", name="Sore knee").first.click()
    clinician.wait_for_url("**/edit/")
    clinician.wait_for_load_state("networkidle")  # until then a button only looks like one
    choose(clinician, "Approve and publish")
    clinician.wait_for_url(lambda url: "/edit/" not in url)

    page = DiagnosisPage.objects.get(slug="sore-knee")
    reader = browser.new_page(base_url=server.url)
    reader.goto(page.url)
    expect(reader.locator("h1")).to_have_text("Sore knee")
    expect(reader.locator("main")).to_contain_text("The knee is hot and you have a fever.")
    expect(reader.locator(".exercise-card")).to_contain_text("It makes the knee strong.")
    expect(reader.locator(".reviewed")).to_contain_text("by Mara, DPT")
    typed, pasted = (section.value["body"].source for section in page.sections)
    assert "It aches when it works." in typed
    assert re.sub(r' data-block-key="\w+"', "", pasted) == "<p><b>Stairs</b> hurt</p>"


def barriers(tab: Page) -> list[tuple[str, str]]:
    """The serious violations that are ours: the rule, and the element."""
    return [
        (fault["id"], node["html"])
        for fault in Axe().run(tab).response["violations"]
        if fault["impact"] in {"serious", "critical"}
        for node in fault["nodes"]
        if WAGTAILS_OWN.get(fault["id"], "nothing of Wagtail's") not in node["html"]
    ]


def test_the_editors_own_pages_have_no_barrier(
    server: LiveServer, browser: Browser, loaded: Loaded
) -> None:
    tab = signed_in(browser, server, "eddie")
    region, exercise = RegionPage.objects.get(), loaded.exercises["move-1"]
    found = {"the dashboard": barriers(tab)}
    for path in (
        "/admin/exercises/",
        "/admin/exercises/import/",
        "/admin/reports/review/",
        "/admin/reports/translation/",
        "/admin/snippets/cms/citation/",
        f"/admin/pages/{exercise.pk}/edit/",
        f"/admin/pages/{region.pk}/edit/",
        f"/admin/pages/add/cms/diagnosispage/{region.pk}/",
    ):
        tab.goto(path)
        tab.wait_for_load_state("networkidle")
        found[path] = barriers(tab)
    tab.get_by_role("button", name="Add exercise").click()
    expect(tab.locator(".modal-body").get_by_role("checkbox")).to_have_count(2)
    expect(tab.locator(".modal")).to_have_css("opacity", "1")  # it has faded in
    found["the chooser"] = barriers(tab)
    tab.keyboard.press("Escape")
    tab.get_by_role("tab", name="Review").click()
    found["the review"] = barriers(tab)

    assert {place: faults for place, faults in found.items() if faults} == {}
