"""A person on a phone answers a check-in, steers the programme and has everything erased."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from nurture.domain.states import MessageState
from nurture.mail import links
from nurture.models import CheckIn, Enrolment, Erasure, Message, Subscriber
from tests.cast import ANNA
from tests.factories import checkin, published_sequence, step, text
from tests.nurture.steps import planned

pytestmark = pytest.mark.journey

PHONE = {"width": 390, "height": 844}
TOO_HARD = 3


@pytest.fixture
def server(committed: None, settings: Settings, tmp_path: Path) -> Iterator[LiveServer]:
    server = LiveServer("localhost")
    settings.SITE_URL = server.url
    settings.ERASURE_LOG = tmp_path / "erasures.log"
    yield server
    server.stop()


@pytest.fixture
def message(server: LiveServer) -> Message:
    """Anna's first week, sent; two more are to come."""
    steps = [step(text(), checkin(), wait_days=7 * bool(week)) for week in range(3)]
    found = planned(ANNA.joins(), published_sequence(steps=steps))
    now = timezone.now()
    Message.objects.update(state=MessageState.ACCEPTED, closed_at=now)
    Enrolment.objects.update(anchored_at=now, due_at=now + timedelta(days=7))
    return Message.objects.select_related("subscriber").get(pk=found.pk)


def clean(page: Page) -> bool:
    """No barrier, and nothing wider than the phone."""
    found = Axe().run(page).response["violations"]
    serious = [one["id"] for one in found if one["impact"] in {"serious", "critical"}]
    return not serious and page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("javascript", [True, False])
def test_an_answer_then_a_pause_then_everything_erased(
    server: LiveServer,
    browser: Browser,
    message: Message,
    javascript: bool,  # noqa: FBT001
) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=javascript)  # type: ignore[arg-type]
    page = context.new_page()

    page.goto(links.check_in(message, TOO_HARD))
    assert not CheckIn.objects.exists()
    page.get_by_role("button", name="Send this answer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Then we take it again")
    assert Enrolment.objects.get().next_step == message.step_version.step  # type: ignore[union-attr]
    assert not javascript or clean(page)

    page.get_by_role("link", name=re.compile("See what comes next")).click()
    expect(page.get_by_role("heading", name="What comes next")).to_be_visible()
    assert not javascript or clean(page)
    page.get_by_text("Pause", exact=True).first.click()
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Paused")
    page.get_by_role("button", name="Go on now").click()
    expect(page.get_by_role("status")).to_contain_text("Welcome back")

    page.get_by_text("My data", exact=True).click()
    page.get_by_role("link", name="Erase my data").click()
    assert Subscriber.objects.exists()
    page.get_by_role("button", name="Erase my data").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your data is erased")
    assert not Subscriber.objects.exists()
    assert str(Erasure.objects.get().public_id) in page.content()
    context.close()
