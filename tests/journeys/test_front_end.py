"""The example front end: typed by the API's description, built, and looked at in a browser.

It needs npm's registry, for Astro and its friends.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Browser, FrameLocator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from cms.documents import working
from cms.models import ExercisePage, User
from config.environment import BASE_DIR
from nurture.models import Message
from tests.api.reading import get
from tests.journeys import node

pytestmark = pytest.mark.journey

SOURCE = BASE_DIR / "examples" / "front_end"
KINDS = {
    "articles": "ArticleDocument",
    "clinicians": "ClinicianDocument",
    "diagnoses": "DiagnosisDocument",
    "exercises": "ExerciseDocument",
    "regions": "RegionDocument",
    "sequences": "SequenceDocument",
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The example with its packages, apart from the tree."""
    folder = tmp_path / "front_end"
    ignored = shutil.ignore_patterns("node_modules", "dist", ".astro", "answers", "*.d.ts")
    shutil.copytree(SOURCE, folder, ignore=ignored)
    node.install(folder)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def server(committed: None, settings: Settings, tmp_path: Path) -> Iterator[LiveServer]:
    """An installation with the content that we ship, in one language and with one programme."""
    content = tmp_path / "content"
    ignored = shutil.ignore_patterns("es", "si-joint-*.yaml", "postpartum-*.yaml")
    shutil.copytree(BASE_DIR / "examples" / "si_joint", content, ignore=ignored)
    server = LiveServer("localhost")
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.SITE_URL = server.url
    settings.API_LIMIT_ANONYMOUS = 0
    call_command("load_content", content, verbosity=0)
    working.repair()
    yield server
    server.stop()


# ------------------------------------------------------------------ types


def constants(client: Client) -> Iterator[str]:
    """TypeScript that compiles if, and only if, what the API says is what it said it would say."""
    yield 'import type { Schemas } from "../src/lib/content";'
    answers = {name: [get(client, path)] for name, path in whole_answers().items()}
    for kind, name in KINDS.items():
        items = get(client, f"{kind}/")["items"]
        answers[name] = [get(client, f"{kind}/{item['id']}/") for item in items]
    for name, found in answers.items():
        for number, answer in enumerate(found):
            said = json.dumps(answer, indent=1)
            yield f'export const {name}{number} = {said} satisfies Schemas["{name}"];'


def whole_answers() -> dict[str, str]:
    lists = ("Article", "Clinician", "Diagnosis", "Exercise", "Region")
    paths = ("articles", "clinicians", "diagnoses", "exercises", "regions")
    return {
        **{f"ListOf{name}Card": f"{path}/" for name, path in zip(lists, paths, strict=True)},
        "SiteDocument": "site/",
        "AnyDocument": "pages/by-path/?path=/",
        "Hits": "search/?q=sacroiliac",
        "Redirects": "redirects/",
        "Sequences": "sequences/",
    }


WRONG = {
    '"type": "red_flag"': '"type": "red_flags"',
    '"action": "emergency"': '"action": "perhaps"',
    '"sets_to": ': '"sets_up_to": ',
}


def check_types(folder: Path, client: Client) -> None:
    answers = folder / "answers"
    answers.mkdir()
    said = "\n".join(constants(client))
    (answers / "said.ts").write_text(said)
    node.run(folder, "run", "check")

    for number, (right, wrong) in enumerate(WRONG.items()):
        assert right in said
        (answers / f"wrong{number}.ts").write_text(said.replace(right, wrong, 1))
    told = node.npm(folder, "run", "check").stdout.splitlines()

    found = {line.partition("(")[0] for line in told if "error TS" in line}
    assert found == {f"answers/wrong{number}.ts" for number in range(len(WRONG))}


# ------------------------------------------------------------------ in a browser


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """As anybody would host it: files."""
    handler = partial(Quiet, directory=str(folder / "dist"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()


def test_it_is_typed_and_built_by_the_api_and_shows_what_is_typed(
    server: LiveServer, client: Client, browser: Browser, folder: Path, settings: Settings
) -> None:
    node.run(folder, "run", "types", PUBLIC_REHABIT_URL=server.url)
    check_types(folder, client)
    node.run(folder, "run", "build", PUBLIC_REHABIT_URL=server.url)

    with served(folder) as site:
        settings.SIGNUP_ORIGINS = frozenset({site})
        settings.HEADLESS_CLIENT_URL = site
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.set_default_timeout(60_000)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))

        read_each_kind(page, client, site)
        sign_up(page, site)
        type_into_an_exercise(browser, server)

        assert faults == []


def read_each_kind(page: Page, client: Client, site: str) -> None:
    page.goto(site)
    for kind, shown in SHOWN.items():
        item = get(client, f"{kind}/?limit=1")["items"][0]
        document = get(client, f"{kind}/{item['id']}/")
        page.goto(site)

        page.get_by_role("main").get_by_role("link", name=item["title"], exact=True).click()

        expect(page).to_have_url(f"{site}{document['path']}")
        expect(page.get_by_role("heading", level=1)).to_have_text(document["title"])
        expect(page.get_by_role("main")).to_contain_text(shown(document))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


SHOWN: dict[str, Callable[[Any], str]] = {
    "articles": lambda article: next(
        block["heading"] for block in article["body"] if block["type"] == "text"
    ),
    "diagnoses": lambda diagnosis: diagnosis["red_flags"][0]["sign"],
    "exercises": lambda exercise: exercise["dosage"]["sentence"],
}


def sign_up(page: Page, site: str) -> None:
    page.goto(site)
    page.get_by_role("link", name="Weekly programmes").click()
    page.get_by_label("E-mail address").fill("pat@example.org")
    page.get_by_label("Programme").select_option(index=0)
    for date in page.locator("input[type=date]:enabled").all():
        date.fill("2026-01-31")

    page.locator("input[name=consent]").check()
    page.get_by_role("button", name="Sign up").click()

    expect(page.get_by_role("status")).to_contain_text("e-mail with a link is on its way")
    message = Message.objects.get(subscriber__address="pat@example.org")
    assert message.kind == "confirmation"


def type_into_an_exercise(browser: Browser, server: LiveServer) -> None:
    exercise = ExercisePage.objects.filter(locale__language_code="en-us").first()
    assert exercise is not None
    User.objects.create_superuser("boss", "boss@example.org", "secret")
    view = browser.new_context(base_url=server.url, viewport={"width": 1600, "height": 900})
    tab = view.new_page()
    tab.set_default_timeout(60_000)
    tab.goto("/admin/login/")
    tab.fill("#id_username", "boss")
    tab.fill("#id_password", "secret")
    tab.get_by_role("button", name="Sign in").click()
    tab.goto(f"/admin/pages/{exercise.pk}/edit/")
    tab.get_by_role("button", name="Toggle preview").click()
    shown = tab.frame_locator("#w-preview-iframe").frame_locator("iframe")
    expect_title(shown, exercise.title)

    tab.wait_for_timeout(3_000)  # the editor remembers what is unchanged a while after it loads
    tab.fill("#id_title", "Bridge on one leg")

    expect_title(shown, "Bridge on one leg")
    expect(shown.locator(".dosage")).not_to_be_empty()
    view.close()


def expect_title(shown: FrameLocator, title: str) -> None:
    expect(shown.get_by_role("heading", level=1)).to_have_text(title, timeout=60_000)
