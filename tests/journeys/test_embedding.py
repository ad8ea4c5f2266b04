"""The snippet of the manual on a page of another origin, in a real browser."""

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from config.environment import BASE_DIR
from nurture.domain.states import ConsentAction
from nurture.models import Consent, ConsentText, Sequence, Subscriber
from tests.factories import home_page, published_sequence

pytestmark = pytest.mark.journey

ADDRESS = "embedded@example.org"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def server(committed: None, settings: Settings) -> Iterator[LiveServer]:
    server = LiveServer("localhost")
    settings.SITE_URL = server.url
    settings.SIGNUP_LIMIT_NETWORK = 1_000
    yield server
    server.stop()


@pytest.fixture
def sequence(server: LiveServer) -> Sequence:
    home_page()
    return published_sequence(steps=1)


@pytest.fixture
def elsewhere(server: LiveServer, sequence: Sequence, tmp_path: Path) -> Iterator[str]:
    """The origin of a site that is not ours, with the form of the manual on its page."""
    manual = (BASE_DIR / "docs" / "subscribers.md").read_text()
    snippet = re.search(r"```html\n(.*?)```", manual, re.DOTALL)
    assert snippet is not None
    form = snippet[1].replace("https://care.example.org", server.url)
    form = form.replace('"KEY"', f'"{sequence.translation_key.hex}"')
    form = form.replace('value="America/New_York"', 'value=""')
    (tmp_path / "index.html").write_text(
        f"<!doctype html><html lang=en-us><body>{form}</body></html>"
    )
    site = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{site.server_port}"
    site.shutdown()
    thread.join()
    site.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(timezone_id="Pacific/Auckland")
    yield context.new_page()
    context.close()


def fill_in(page: Page, *, name: str = "Zoë") -> None:
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("First name").fill(name)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Sign me up").click()


def test_on_a_page_that_may_the_snippet_answers_in_place(
    page: Page, server: LiveServer, elsewhere: str, settings: Settings
) -> None:
    settings.SIGNUP_ORIGINS = frozenset({server.url, elsewhere})
    page.goto(elsewhere)
    words = ConsentText.current("en-us").text
    expect(page.locator("[data-consent-text]")).to_have_text(words)

    fill_in(page)

    expect(page.get_by_role("status")).to_contain_text("If we may write to this address")
    assert page.url.startswith(elsewhere)
    request = Consent.objects.get(action=ConsentAction.REQUESTED)
    assert (request.source, request.given["time_zone"]) == ("api", "Pacific/Auckland")
    assert not page.context.cookies()


def test_a_mistake_is_told_in_place_and_can_be_put_right(
    page: Page, server: LiveServer, elsewhere: str, settings: Settings
) -> None:
    settings.SIGNUP_ORIGINS = frozenset({server.url, elsewhere})
    page.goto(elsewhere)

    fill_in(page, name="https://evil.example")
    expect(page.get_by_role("status")).to_contain_text("Enter a first name")
    assert not Subscriber.objects.exists()
    fill_in(page)

    expect(page.get_by_role("status")).to_contain_text("If we may write to this address")
    assert Subscriber.objects.count() == 1


def test_on_a_page_that_may_not_nothing_is_read_and_nothing_stored(
    page: Page, elsewhere: str
) -> None:
    """The browser refuses the script an answer, and we refuse the form that is sent instead."""
    page.goto(elsewhere)

    fill_in(page)

    expect(page).to_have_url(re.compile("/signup/embedded/"))
    assert not Subscriber.objects.exists()


def test_without_a_script_the_form_posts_itself(
    browser: Browser, server: LiveServer, elsewhere: str, settings: Settings
) -> None:
    settings.SIGNUP_ORIGINS = frozenset({server.url, elsewhere})
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(elsewhere)
    page.locator("[name=time_zone]").evaluate("field => field.value = 'Europe/Berlin'")

    fill_in(page)

    expect(page).to_have_url(re.compile("/signup/done/"))
    request = Consent.objects.get(action=ConsentAction.REQUESTED)
    assert request.source == "embedded"
    context.close()
