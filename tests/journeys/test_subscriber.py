"""What a visitor does, in a real browser, against real servers."""

import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Installation

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("demo")]

PHONE = {"width": 390, "height": 844}
TELLING = re.compile(r"sacro|joint|postpartum|pelvi|\bSI\b", re.IGNORECASE)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE, timezone_id="Europe/Berlin")  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def new_address() -> str:
    return f"journey.{uuid4().hex[:10]}@example.org"


def sign_up(page: Page, installation: Installation, address: str) -> None:
    """From a diagnosis page to "look into your inbox"."""
    page.goto(f"{installation.site}/si-joint/sacroiliitis/")
    page.get_by_role("link", name="Six weeks, little and often").click()
    page.get_by_label("E-mail address").fill(address)
    page.get_by_label("First name").fill("Zoë")
    page.get_by_label(re.compile("I agree to receive")).check()
    page.get_by_role("button", name="Sign me up").click()
    expect(page).to_have_url(re.compile("/signup/done/"))


def link_in(installation: Installation, address: str, kind: str) -> str:
    """The first link of a kind ("c" confirms, "u" unsubscribes) in the newest mail.

    A worker of the installation may have taken the mail in hand and not sent it yet, so the newest
    one that has such a link is waited for.
    """
    until = time.monotonic() + 60
    while time.monotonic() < until:
        text = installation.mailbox.await_text(f"to:{address}", seconds=60)
        if link := re.search(rf"http\S+/{kind}/\S+", text):
            return link[0]
        time.sleep(0.2)
    raise AssertionError(text)


def confirm(page: Page, installation: Installation, address: str) -> None:
    page.goto(link_in(installation, address, "c"))
    page.get_by_role("button", name=re.compile("Yes")).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def explain(installation: Installation, address: str) -> str:
    told = subprocess.run(
        [sys.executable, "manage.py", "explain", address],
        env=installation.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout


def test_a_visitor_signs_up_from_a_diagnosis_confirms_and_leaves(
    page: Page, installation: Installation
) -> None:
    address = new_address()

    sign_up(page, installation, address)
    confirm(page, installation, address)

    told = explain(installation, address)
    assert "Europe/Berlin" in told
    assert "consent: given" in told
    assert "state=active" in told
    subjects = [mail["Subject"] for mail in installation.mailbox.find(f"to:{address}")]
    assert subjects
    assert not any(map(TELLING.search, subjects))


def test_opening_the_confirmation_link_confirms_nothing(
    page: Page, installation: Installation
) -> None:
    address = new_address()
    sign_up(page, installation, address)

    page.goto(link_in(installation, address, "c"))
    page.wait_for_load_state("networkidle")

    assert "consent: requested" in explain(installation, address)


def test_one_click_in_the_mail_program_ends_the_programme(
    page: Page, installation: Installation
) -> None:
    address = new_address()
    sign_up(page, installation, address)
    confirm(page, installation, address)
    subprocess.run(
        [sys.executable, "manage.py", "tick", "--at", "2027-01-04T07:00:00Z"],
        env=installation.environment,
        check=True,
        capture_output=True,
    )
    link = link_in(installation, address, "u")
    post = urllib.request.Request(link, data=b"List-Unsubscribe=One-Click", method="POST")

    with urllib.request.urlopen(post, timeout=10) as answer:
        status, final = answer.status, answer.url

    assert (status, final) == (200, link)
    told = explain(installation, address)
    assert "consent: withdrawn" in told
    assert "state=stopped" in told


def test_a_signup_without_consent_says_what_to_do_and_stores_nothing(
    browser: Browser, installation: Installation
) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=False)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{installation.site}/signup/")
    page.get_by_label("E-mail address").fill("no.consent@example.org")

    form = page.locator("form[method=post]")
    form.evaluate("form => form.setAttribute('novalidate', '')")
    page.get_by_role("button", name="Sign me up").click()

    expect(page.get_by_text("Tick the box")).not_to_have_count(0)
    assert not installation.mailbox.find("to:no.consent@example.org")
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/si-joint/",
        "/si-joint/si-joint-pain-in-runners/",
        "/si-joint/postpartum-si-instability/",
        "/exercises/",
        "/exercises/glute-bridge/",
        "/signup/",
    ],
)
def test_a_page_has_no_barrier_and_talks_to_nobody_else(
    browser: Browser, installation: Installation, path: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    foreign: list[str] = []
    site = installation.site
    page.on(
        "request", lambda r: None if r.url.startswith((site, "data:")) else foreign.append(r.url)
    )

    page.goto(site + path)
    violations = Axe().run(page).response["violations"]

    assert [v["id"] for v in violations if v["impact"] in {"serious", "critical"}] == []
    assert foreign == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
