"""What a team does in the editor: ask beside a field, see what changed, set when it goes live."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from wagtail.models import Comment

from cms import sample
from cms.models import ExercisePage
from tests.cms import clinic, samples

WHEN = "2099-05-01 09:00"
QUESTION = "Is this easy to read?"
pytestmark = [
    pytest.mark.journey,
    # Wagtail leaves the file of a drawing open when it makes a thumbnail.
    pytest.mark.filterwarnings(
        "ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning"
    ),
]


@pytest.fixture
def server(committed: None) -> Iterator[LiveServer]:
    server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.fixture
def page(committed: None, tmp_path: Path, settings: Settings) -> ExercisePage:
    settings.MEDIA_ROOT = tmp_path / "media"
    folder = samples.write(tmp_path / "c", content=samples.pages(2), moves=samples.exercises(2))
    found = sample.load(folder).exercises["move-1"]
    clinic.user("eddie", "Editors")
    clinic.user("mona", "Moderators")
    return found


def editing(browser: Browser, server: LiveServer, name: str, page: ExercisePage) -> Page:
    tab = browser.new_context(base_url=server.url).new_page()
    tab.set_default_timeout(60_000)
    tab.goto(f"/admin/login/?next=/admin/pages/{page.pk}/edit/")
    tab.fill("#id_username", name)
    tab.fill("#id_password", "secret")
    tab.get_by_role("button", name="Sign in").click()
    tab.wait_for_url("**/edit/")
    tab.wait_for_load_state("networkidle")  # until then a button only looks like one
    return tab


def saved(tab: Page) -> None:
    """The editor saves by itself, half a second after the last key."""
    expect(tab.get_by_text("Saved", exact=True).first).to_be_visible()


def test_a_team_comments_compares_and_schedules(
    server: LiveServer, browser: Browser, page: ExercisePage
) -> None:
    editor = editing(browser, server, "eddie", page)
    editor.get_by_role("button", name="Toggle comments").click()
    editor.locator("#id_summary").hover()
    editor.locator("[id^=panel-child-content-summary] [data-comment-add]").first.click(force=True)
    editor.get_by_placeholder("Enter your comments").fill(QUESTION)
    editor.get_by_role("button", name="Comment", exact=True).click()
    editor.fill("#id_summary", "A big move.")
    saved(editor)
    editor.context.close()

    colleague = editing(browser, server, "mona", page)
    colleague.get_by_role("button", name="Toggle comments").click()
    expect(colleague.locator(".comment")).to_contain_text(QUESTION)
    colleague.goto(f"/admin/pages/{page.pk}/revisions/compare/live...latest/")
    changes = colleague.locator(".comparison, table.listing").first
    expect(changes.locator(".deletion")).to_contain_text("small")
    expect(changes.locator(".addition")).to_contain_text("big")

    colleague.goto(f"/admin/pages/{page.pk}/edit/")
    colleague.wait_for_load_state("networkidle")
    colleague.get_by_role("button", name="Toggle status").click()
    colleague.get_by_role("button", name="Set schedule").first.click()
    colleague.fill("#id_go_live_at", WHEN)
    # By keyboard: the calendar lies above the button for as long as the field has the focus.
    colleague.get_by_role("button", name="Save schedule").press("Enter")
    colleague.locator("footer [data-controller~=w-dropdown] button").first.click()
    colleague.get_by_role("button", name="Schedule to publish").click()
    colleague.wait_for_url(lambda url: "/edit/" not in url)

    now = ExercisePage.objects.get(pk=page.pk)
    assert Comment.objects.get(page=page.pk).text == QUESTION
    assert (now.live, now.summary) == (True, "A small move.")
    assert now.scheduled_revision is not None
    planned = now.scheduled_revision.approved_go_live_at
    assert timezone.localtime(planned).strftime("%Y-%m-%d %H:%M") == WHEN
