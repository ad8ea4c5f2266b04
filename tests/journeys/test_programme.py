"""A person on a phone lives with a programme, from the page of a diagnosis to the last goodbye.

The mails are those that arrive over SMTP, opened as a mail program shows them; all that is pressed
stands in them or on the pages behind them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from wagtail.models import Site

from nurture.domain.states import ConsentAction, EnrolmentState
from nurture.models import CheckIn, Consent, Enrolment, Erasure, Subscriber
from nurture.tick import tick
from tests import smtp
from tests.factories import checkin, home_page, published_sequence, step, text
from tests.nurture.steps import elsewhere

pytestmark = pytest.mark.journey

PHONE = {"width": 390, "height": 844}
ADDRESS = "zoe.journey@example.org"


@dataclass
class Installation:
    """A running site, a relay that keeps what comes, and one phone."""

    site: str
    relay: smtp.Relay
    page: Page
    folder: Path
    javascript: bool
    said_by_the_browser: list[str] = field(default_factory=list)
    _pictures: int = 0

    def works(self, *, days: float = 0) -> None:
        """The machine does its round; on another thread, since the browser's loop is on this."""
        now = timezone.now() + timedelta(days=days)
        elsewhere(lambda: tick(now))

    def opens_newest_mail(self) -> None:
        body = self.relay.mails[-1].message.get_body(("html",))
        assert body is not None
        file = self.folder / f"mail{len(self.relay.mails)}.html"
        file.write_text(body.get_content())
        self.page.goto(file.as_uri())
        self.looks_fine()

    def taps(self, words: str | re.Pattern[str]) -> None:
        """A link in a mail; many open the page beside it."""
        link = self.page.get_by_role("link", name=words)
        if link.get_attribute("target") != "_blank":
            link.click()
            return
        with self.page.context.expect_page() as opened:
            link.click()
        self.page = opened.value
        self.page.wait_for_load_state("networkidle")

    def looks_fine(self) -> None:
        """Nothing is wider than the phone; no barrier, as far as a program can tell."""
        self._pictures += 1
        shot = self.folder / f"{self._pictures:02}.png"
        self.page.screenshot(path=shot, full_page=True)
        if not self.javascript:
            return
        found = Axe().run(self.page).response["violations"]
        assert not [one["id"] for one in found if one["impact"] in {"serious", "critical"}]
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], shot


@pytest.fixture
def server(committed: None, settings: Settings, tmp_path: Path) -> Iterator[LiveServer]:
    server = LiveServer("localhost")
    settings.SITE_URL = server.url
    settings.ERASURE_LOG = tmp_path / "erasures.log"
    settings.SIGNUP_MINIMUM_SECONDS = 0
    settings.MEASURE_CLICKS = True
    yield server
    server.stop()


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def phone(
    request: pytest.FixtureRequest,
    server: LiveServer,
    browser: Browser,
    settings: Settings,
    tmp_path: Path,
) -> Iterator[Installation]:
    context = browser.new_context(
        viewport=PHONE,  # type: ignore[arg-type]
        java_script_enabled=request.param,
        timezone_id="Europe/Berlin",
    )
    page = context.new_page()
    with smtp.Relay() as relay:
        settings.MAIL_PROVIDERS = (relay.provider,)
        found = Installation(server.url, relay, page, tmp_path, request.param)
        context.on("console", lambda message: found.said_by_the_browser.append(message.text))
        yield found
    context.close()


def test_a_person_signs_up_steers_leaves_and_is_forgotten(phone: Installation) -> None:
    weeks = [
        step(text(), checkin(), wait_days=7 * bool(n), subject=f"Week {n + 1}") for n in range(3)
    ]
    sequence = published_sequence(steps=weeks)
    Site.objects.update(root_page=home_page())
    Site.clear_site_root_paths_cache()
    diagnosis = urlsplit(sequence.diagnosis.get_url() or "").path

    signs_up(phone, diagnosis, title=sequence.title)
    confirms(phone)
    answers_too_hard(phone)
    moves_the_day(phone)
    pauses_and_goes_on(phone)
    leaves(phone)
    is_forgotten(phone)

    assert not [said for said in phone.said_by_the_browser if "Content Security Policy" in said]


def signs_up(phone: Installation, diagnosis: str, *, title: str) -> None:
    page = phone.page
    page.goto(phone.site + diagnosis)
    page.get_by_role("link", name=title).click()
    assert page.get_by_role("radio").first.is_checked()
    phone.looks_fine()
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("First name").fill("Zoë")
    page.get_by_label(re.compile("I agree to receive")).check()
    assert not page.get_by_label(re.compile("I also agree")).is_checked()
    page.get_by_role("button", name="Sign me up").click()
    expect(page).to_have_url(re.compile("/signup/done/"))
    phone.looks_fine()


def confirms(phone: Installation) -> None:
    phone.works()
    phone.opens_newest_mail()
    phone.taps("Confirm my address")
    phone.page.wait_for_load_state("networkidle")
    assert Subscriber.objects.get().consent == ConsentAction.REQUESTED  # looking is not saying
    phone.looks_fine()
    phone.page.get_by_role("button", name=re.compile("Yes")).click()
    expect(phone.page.get_by_role("heading", level=1)).to_be_visible()
    phone.looks_fine()
    person = Subscriber.objects.get()
    assert person.consent == ConsentAction.GIVEN
    assert (person.time_zone == "Europe/Berlin") == phone.javascript


def answers_too_hard(phone: Installation) -> None:
    phone.works()
    phone.opens_newest_mail()
    assert phone.relay.mails[-1].message["Subject"] == "Week 1"
    phone.taps("Too hard")
    page = phone.page
    assert not CheckIn.objects.exists()  # a scanner would have got as far
    phone.looks_fine()
    page.get_by_role("button", name="Send this answer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Then we take it again")
    phone.looks_fine()
    assert CheckIn.objects.count() == 1
    page.get_by_role("link", name=re.compile("See what comes next")).click()
    expect(page.get_by_role("heading", name="What comes next")).to_be_visible()
    assert page.locator("ol.coming li").count() == 3  # this week again, and the two after it
    phone.looks_fine()


def next_date(page: Page) -> datetime:
    moment = page.locator("ol.coming time").first.get_attribute("datetime")
    assert moment is not None
    return datetime.fromisoformat(moment)


def moves_the_day(phone: Installation) -> None:
    page = phone.page
    before = next_date(page)
    wanted = (before.weekday() + 2) % 7
    page.get_by_text("Day, hour and language").click()
    page.get_by_label("Day of the week").select_option(str(wanted))
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_role("status")).to_contain_text("Saved")
    after = next_date(page)
    assert after > before
    assert after.weekday() == wanted


def pauses_and_goes_on(phone: Installation) -> None:
    page = phone.page
    page.get_by_text("Pause", exact=True).first.click()
    page.get_by_label("For", exact=True).select_option("2")
    phone.looks_fine()
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Paused")
    assert Enrolment.objects.get().state == EnrolmentState.PAUSED
    phone.looks_fine()
    page.get_by_role("button", name="Go on now").click()
    expect(page.get_by_role("status")).to_contain_text("Welcome back")
    phone.works(days=16)
    phone.opens_newest_mail()
    assert phone.relay.mails[-1].message["Subject"] == "Week 1"  # once more, as she has asked


def leaves(phone: Installation) -> None:
    phone.taps("Stop these e-mails")
    page = phone.page
    page.wait_for_load_state("networkidle")
    assert Subscriber.objects.get().consent == ConsentAction.GIVEN
    phone.looks_fine()
    page.get_by_role("button", name="Stop all e-mails").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    phone.looks_fine()
    assert Subscriber.objects.get().consent == ConsentAction.WITHDRAWN
    assert Enrolment.objects.get().state == EnrolmentState.STOPPED
    mails = len(phone.relay.mails)
    phone.works(days=60)
    assert len(phone.relay.mails) == mails


def is_forgotten(phone: Installation) -> None:
    phone.opens_newest_mail()
    phone.taps(re.compile("Pause, change the day"))
    page = phone.page
    page.get_by_text("My data", exact=True).click()
    phone.looks_fine()
    page.get_by_role("link", name="Erase my data").click()
    phone.looks_fine()
    assert Subscriber.objects.exists()
    page.get_by_role("button", name="Erase my data").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your data is erased")
    phone.looks_fine()
    assert not Subscriber.objects.exists()
    assert not Consent.objects.exists()
    assert str(Erasure.objects.get().public_id) in page.content()
