"""The example front end: typed by the API's description, built, and looked at in a browser.

It needs Node, which the environment carries, and npm's registry for Astro and its friends.
"""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from config.environment import BASE_DIR
from tests.journeys.conftest import Installation

pytestmark = pytest.mark.journey

SOURCE = BASE_DIR / "examples" / "front_end"
ANSWERS = {
    "ArticleDocument": "articles",
    "DiagnosisDocument": "diagnoses",
    "ExerciseDocument": "exercises",
    "RegionDocument": "regions",
    "ClinicianDocument": "clinicians",
}
TYPE_DRAFT = """
from cms import preview
from cms.models import ExercisePage
from django.contrib.auth.models import AnonymousUser
page = ExercisePage.objects.order_by("pk").first()
page.title = {title!r}
print("token", preview.keep(page, user=AnonymousUser(), slot="the story of the front end"))
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        pass


def npm(folder: Path, *command: str, api: str) -> None:
    binaries = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{folder / 'node_modules/.bin'}:{binaries}:{os.environ['PATH']}",
        "REHABIT_URL": api,
        "PUBLIC_REHABIT_URL": api,
        "ASTRO_TELEMETRY_DISABLED": "1",
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def answer(api: str, path: str) -> Any:
    with urllib.request.urlopen(f"{api}/api/v1/{path}") as response:
        return json.load(response)


def real_answers(api: str) -> str:
    """TypeScript that only compiles if what the API says is what it said it would say."""
    lines = ['import type { components } from "../src/lib/api";']
    for schema, path in ANSWERS.items():
        for number, item in enumerate(answer(api, f"{path}/?limit=3")["items"]):
            document = json.dumps(answer(api, f"{path}/{item['id']}/"))
            kind = f'components["schemas"]["{schema}"]'
            lines.append(f"export const {schema}{number}: {kind} = {document};")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def front_end(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """Its address, and the folder that it was built in."""
    folder = tmp_path_factory.mktemp("front") / "front_end"
    ignored = shutil.ignore_patterns("node_modules", "dist", ".astro", "answers")
    shutil.copytree(SOURCE, folder, ignore=ignored)
    api = installation.site
    npm(folder, "npm", "ci", "--no-audit", "--no-fund", "--prefer-offline", api=api)
    npm(folder, "npm", "run", "types", api=api)
    (folder / "answers").mkdir()
    (folder / "answers" / "answers.ts").write_text(real_answers(api))
    npm(folder, "npm", "run", "check", api=api)
    npm(folder, "npm", "run", "build", api=api)
    handler = partial(Quiet, directory=str(folder / "dist"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()


def test_a_visitor_reads_a_site_that_was_built_from_the_api_alone(
    front_end: tuple[str, Path], browser: Browser, installation: Installation
) -> None:
    site, _folder = front_end
    page = browser.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(site)

    for kind in ("articles", "diagnoses", "exercises"):
        first = answer(installation.site, f"{kind}/?limit=1")["items"][0]
        page.goto(f"{site}{first['path']}")
        expect(page.get_by_role("heading", level=1)).to_have_text(first["title"])
    expect(page.get_by_role("heading", name="When to stop")).to_be_visible()
    page.get_by_role("link", name="Weekly programmes").click()
    expect(page.get_by_role("link", name="Sign up").first).to_be_visible()
    page.get_by_role("link", name="Sign up").first.click()

    assert page.url.startswith(f"{installation.site}/signup/?programme=")
    assert faults == []


def test_the_preview_follows_what_is_typed(
    front_end: tuple[str, Path], browser: Browser, installation: Installation
) -> None:
    site, _folder = front_end
    token = typed(installation, "A first title")
    page = browser.new_page()
    page.goto(f"{site}/preview/?token={token}")
    expect(page.get_by_role("heading", level=1)).to_have_text("A first title")

    typed(installation, "A better title")

    expect(page.get_by_role("heading", level=1)).to_have_text("A better title")


def typed(installation: Installation, title: str) -> str:
    """What the editor's panel does about half a second after each change; the token."""
    said = subprocess.run(
        [sys.executable, "manage.py", "shell", "--command", TYPE_DRAFT.format(title=title)],
        cwd=BASE_DIR,
        env={**os.environ, **installation.environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout.strip().splitlines()[-1].removeprefix("token ")
