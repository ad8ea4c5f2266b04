"""An editor types, and the practice's front end beside the form shows it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from cms import sample
from cms.models import HomePage, User
from tests.cms import samples

pytestmark = pytest.mark.journey

# The least that a front end needs for previews; it is another site, so nothing of ours is shared.
PAGE = """<!doctype html><title>Front end</title><h1></h1><p style="height: 3000px"></p><script>
const API = "%(api)s", token = new URLSearchParams(location.search).get("token")
fetch(`${API}/api/v1/preview/?token=${encodeURIComponent(token)}`).then(async (answer) => {
  document.querySelector("h1").textContent = answer.ok ? (await answer.json()).title : "over"
  parent.postMessage({type: "rehabit:ready"}, API)
})
addEventListener("scroll", () => parent.postMessage({type: "rehabit:scrolled", top: scrollY}, API))
addEventListener("message", (event) => {
  if (event.origin === API && event.data.type === "rehabit:scroll") scrollTo(0, event.data.top)
})
</script>"""


@pytest.fixture
def server(committed: None) -> Iterator[LiveServer]:
    server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.fixture
def front_end(server: LiveServer, settings: Settings) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", f"frame-ancestors {server.url}")
            self.send_header("Referrer-Policy", "no-referrer")
            self.end_headers()
            self.wfile.write((PAGE % {"api": server.url}).encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    settings.HEADLESS_CLIENT_URL = f"http://127.0.0.1:{web.server_port}"
    yield settings.HEADLESS_CLIENT_URL
    web.shutdown()
    web.server_close()


@pytest.fixture
def page(committed: None, tmp_path: Path, settings: Settings) -> HomePage:
    folder = samples.write(
        tmp_path / "content", content=samples.pages(2), moves=samples.exercises(2)
    )
    settings.MEDIA_ROOT = tmp_path / "media"
    User.objects.create_superuser("boss", "boss@example.org", "secret")
    home: HomePage = sample.load(folder).home
    return home


def test_what_is_typed_shows_on_the_front_end(
    server: LiveServer, browser: Browser, page: HomePage, front_end: str
) -> None:
    tab = browser.new_context(
        base_url=server.url, viewport={"width": 1600, "height": 900}
    ).new_page()
    tab.set_default_timeout(60_000)
    tab.goto("/admin/login/")
    tab.fill("#id_username", "boss")
    tab.fill("#id_password", "secret")
    tab.get_by_role("button", name="Sign in").click()
    tab.goto(f"/admin/pages/{page.pk}/edit/")
    tab.get_by_role("button", name="Toggle preview").click()
    shown = tab.frame_locator("#w-preview-iframe").frame_locator("iframe")
    expect(shown.locator("h1")).to_have_text(page.title, timeout=60_000)

    tab.wait_for_timeout(3_000)  # the editor remembers what is unchanged a while after it loads
    tab.fill("#id_title", "Oak Clinic by the river")
    expect(shown.locator("h1")).to_have_text("Oak Clinic by the river", timeout=60_000)
    shown.locator("h1").evaluate("() => scrollTo(0, 500)")
    tab.fill("#id_title", "Oak Clinic on the hill")

    expect(shown.locator("h1")).to_have_text("Oak Clinic on the hill", timeout=60_000)
    tab.wait_for_timeout(500)
    assert shown.locator("h1").evaluate("() => scrollY") == 500
    with tab.expect_popup() as opened:
        tab.get_by_role("link", name="Preview in new tab").click()
    expect(opened.value.locator("h1")).to_have_text("Oak Clinic on the hill", timeout=60_000)
    assert opened.value.url.startswith(f"{front_end}/preview/?token=")
