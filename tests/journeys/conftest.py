"""A running demo (web, worker, beat, relay, inbox) and a headless browser that visits it."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from config.local import account, children, demo_state, ports
from config.local.mailbox import Mailbox

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Installation:
    site: str
    inbox: str
    environment: dict[str, str]

    @property
    def mailbox(self) -> Mailbox:
        return Mailbox(self.inbox)


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """A demo that has played its programmes and goes on running."""
    folder: Path = account.private_folder(purpose="journeys") / uuid4().hex[:8]
    folder.mkdir(mode=0o711)
    bare = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    module = [sys.executable, "-m", "config.local.demo", "--folder", str(folder), "--seconds", "1"]
    log = folder / "demo.log"
    demo = children.start(
        "demo", [*module, "--port", str(ports.free_port())], log=log, environment=bare
    )
    try:
        demo.wait_until(lambda: "each exactly once" in log.read_text(), seconds=600)
        environment = demo_state.environment(folder) or {}
        inbox = re.search(r"Inbox\s+(http://\S+?)/\s", log.read_text())
        assert inbox, log.read_text()
        yield Installation(environment["SITE_URL"], inbox[1], environment)
    finally:
        demo.process.terminate()
        demo.process.wait(120)
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not for the session: Playwright runs an event loop in this thread, in which senders cannot
    start their own, so it has to be gone before the next module's tests."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # for database tests beside the loop
        expect.set_options(timeout=30_000)  # a machine may be busy with other tests
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield chromium
        chromium.close()
