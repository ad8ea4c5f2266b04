"""What a reader sees, on every kind of public page, in a real browser."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response, ViewportSize, expect

from tests.journeys import html_check
from tests.journeys.conftest import Installation

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]

PAGES = {
    "home": "/",
    "region": "/si-joint/",
    "diagnosis": "/si-joint/postpartum-si-instability/",
    "article": "/si-joint/si-joint-pain-in-runners/",
    "exercises": "/exercises/",
    "exercise": "/exercises/glute-bridge/",
    "team": "/team/",
    "clinician": "/team/mara-ellison/",
    "spanish-home": "/es/",
    "spanish-diagnosis": "/es/articulacion-si/sacroilitis/",
    "search": "/search/?q=bridge",
    "nothing-found": "/search/?q=xylophone",
    "not-here": "/nowhere/",
}
PHONE, DESK = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=900)
HEAVY = 300_000  # bytes, without photos
PHOTO = re.compile(r"image/(avif|webp|jpeg|png)")
SHIFTS = """
    window.shifted = 0;
    new PerformanceObserver(list => {
        for (const shift of list.getEntries()) window.shifted += shift.value;
    }).observe({type: "layout-shift", buffered: true});
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE)
    yield context.new_page()
    context.close()


@pytest.fixture
def without_script(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)
    yield context.new_page()
    context.close()


def html(address: str) -> str:
    try:
        with urllib.request.urlopen(address) as response:
            return str(response.read().decode())
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.read().decode()


def serious(page: Page) -> list[str]:
    violations = Axe().run(page).response["violations"]
    return [
        f"{found['id']}: {found['nodes'][0]['html'][:120]}"
        for found in violations
        if found["impact"] in {"serious", "critical"}
    ]


def test_every_kind_of_page_is_valid_html(installation: Installation, tmp_path: Path) -> None:
    pages = {name: html(installation.site + path) for name, path in PAGES.items()}
    pages["signup"] = html(f"{installation.site}/signup/")

    assert html_check.faults(pages, folder=tmp_path) == []


def test_every_kind_of_page_is_accessible_on_phone_and_desk_by_day_and_night(
    page: Page, installation: Installation
) -> None:
    found = {}

    for name, path in PAGES.items():
        page.goto(installation.site + path)
        for size in (PHONE, DESK):
            page.set_viewport_size(size)
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                found[name, size["width"], scheme] = serious(page)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= size["width"], f"{name} is {wide} wide on {size['width']}"

    assert {where: what for where, what in found.items() if what} == {}


def test_every_kind_of_page_is_light_and_still_and_asks_nobody_else(
    page: Page, installation: Installation
) -> None:
    answers: list[Response] = []
    page.on("response", lambda response: answers.append(response))  # noqa: PLW0108  # not a method
    page.add_init_script(SHIFTS)
    told: dict[str, Any] = {}

    for name, path in PAGES.items():
        answers.clear()
        page.goto(installation.site + path)
        for _screen in range(8):
            page.mouse.wheel(0, 1_000)
            page.wait_for_timeout(30)
        page.wait_for_load_state("networkidle")
        parts = [each for each in answers if not PHOTO.match(each.headers.get("content-type", ""))]
        told[name] = {
            "bytes": sum(len(each.body()) for each in parts),
            "shift": page.evaluate("window.shifted"),
            "hosts": {urlsplit(each.url).netloc for each in answers},
        }

    assert {name: each for name, each in told.items() if each["bytes"] > HEAVY} == {}
    assert {name: each for name, each in told.items() if each["shift"] > 0} == {}
    assert set().union(*(each["hosts"] for each in told.values())) == {
        urlsplit(installation.site).netloc
    }


def test_a_reader_without_script_searches_opens_a_section_and_signs_up(
    without_script: Page, installation: Installation
) -> None:
    page = without_script
    page.goto(f"{installation.site}/")
    page.get_by_role("searchbox").fill("pospartum")
    page.get_by_role("search").get_by_role("button").click()
    page.get_by_role("link", name="Postpartum SI instability").click()

    section = page.locator("details", has_text="What to expect").last
    expect(section).not_to_have_attribute("open", "")
    section.locator("summary").click()
    expect(section).to_have_attribute("open", "")

    page.locator(".invite a.button").first.click()
    expect(page).to_have_url(re.compile(r"/signup/\?programme=[0-9a-f]{32}$"))
    expect(page.get_by_role("radio", checked=True)).to_have_count(1)


def test_an_exercise_prints_as_one_sheet_in_black_on_white(
    page: Page, installation: Installation
) -> None:
    page.emulate_media(color_scheme="dark")

    for name in ("glute-bridge", "pelvic-floor-lift", "short-side-plank"):
        page.goto(f"{installation.site}/exercises/{name}/")
        sheet = page.pdf(format="A4")
        letter = page.pdf(format="Letter")

        assert [len(re.findall(rb"/Type\s*/Page\b", each)) for each in (sheet, letter)] == [1, 1]

    page.emulate_media(media="print")
    expect(page.locator(".ticks")).to_be_visible()
    for menu in page.locator(".site-header nav").all():
        expect(menu).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
