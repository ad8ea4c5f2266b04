"""An editor builds a sequence, is told what is wrong, has it approved, and edits it live."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from cms.models import ClinicianIndexPage, ClinicianPage
from nurture import due
from nurture.models import Sequence, SequenceApproval, StepVersion
from tests.cast import ANNA, BEN, CLARA
from tests.cms import clinic
from tests.factories import diagnosis_page, home_page, pictured_exercise
from tests.journeys.test_writing import barriers, choose, settle, signed_in
from tests.nurture.steps import enrolled

pytestmark = [
    pytest.mark.journey,
    # Wagtail leaves the file of a drawing open when it makes a thumbnail.
    pytest.mark.filterwarnings(
        "ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning"
    ),
]

SUBJECTS = ["Week 1: begin small", "Week 2: two more", "Week 3: a swap", "Week 4: yours now"]


@pytest.fixture
def server(committed: None, tmp_path: Path, settings: Settings) -> Iterator[LiveServer]:
    settings.MEDIA_ROOT = tmp_path / "media"
    server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.fixture
def team(server: LiveServer) -> None:
    """Eddie writes, Mara approves."""
    clinic.user("eddie", "Editors")
    index = home_page().add_child(instance=ClinicianIndexPage(title="Our team", slug="team"))
    index.add_child(
        instance=ClinicianPage(title="Mara", credentials="DPT", account=clinic.user("mara"))
    )


# ------------------------------------------------------------------ the editor's hands


def tab_named(tab: Page, name: str) -> None:
    tab.get_by_role("tab", name=name).click()


def choose_diagnosis(tab: Page, title: str) -> None:
    tab.get_by_role("button", name=re.compile("Choose a")).first.click()
    modal = tab.locator(".modal-dialog")
    modal.get_by_label("Search term").fill(title)
    modal.get_by_role("link", name=title).first.click()
    expect(modal).to_be_hidden()


def add_block(tab: Page, stream: Locator, kind: str) -> None:
    """At the end of a stream: its last plus belongs to it."""
    stream.get_by_role("button", name="Insert a block").last.click()
    tab.get_by_role("option", name=kind, exact=True).click()


def fill_step(tab: Page, number: int) -> None:
    name = f"steps-{number}-value"
    tab.fill(f"#{name}-name", f"week {number + 1}")
    tab.fill(f"#{name}-wait-count", "7" if number else "0")
    tab.fill(f"#{name}-subject", SUBJECTS[number])
    tab.fill(f"#{name}-preheader", "Ten minutes are enough.")


def write_first_step(tab: Page, exercise: str) -> None:
    mails = tab.locator("#panel-child-mails-steps-content")
    mails.get_by_role("button", name="Insert a block").first.click()
    fill_step(tab, 0)
    body = tab.locator("[data-contentpath=body]").first
    add_block(tab, body, "Exercise")
    tab.get_by_role("button", name="Choose an exercise").click()
    tab.locator(".modal-dialog").get_by_role("link", name=exercise).first.click()
    add_block(tab, body, "Check-in")


def duplicate(tab: Page, number: int) -> None:
    before = tab.locator(f"#steps-{number - 1}-value-name").locator("xpath=ancestor::section[1]")
    before.get_by_role("button", name="Duplicate").first.click()
    expect(tab.locator(f"#steps-{number}-value-name")).to_be_visible()


def submit(tab: Page) -> None:
    settle(tab)
    choose(tab, "Submit to Clinical review")


def edit_page(sequence: Sequence) -> str:
    return f"/admin/snippets/nurture/sequence/edit/{sequence.pk}/"


def approve(browser: Browser, server: LiveServer, sequence: Sequence) -> None:
    clinician = signed_in(browser, server, "mara")
    clinician.goto(edit_page(sequence))
    clinician.wait_for_load_state("networkidle")  # until then a button only looks like one
    choose(clinician, "Approve and publish")
    clinician.wait_for_url(lambda url: "/edit/" not in url)
    clinician.context.close()


def look(tab: Page, step: str, view: str) -> Locator:
    """The preview beside the form, with another step and view chosen in it."""
    tab.get_by_role("button", name="Toggle preview").click()
    expect(tab.locator("iframe[title=Preview]")).to_have_count(1)  # the newest has taken over
    tab.wait_for_load_state("networkidle")
    frame = tab.frame_locator("#w-preview-iframe")
    frame.locator("select[name=step]").select_option(label=step)
    frame.locator("select[name=view]").select_option(label=view)
    frame.get_by_role("button", name="Show").click()
    return frame.locator("body")


def build(tab: Page, diagnosis: str, exercise: str) -> None:
    """Four steps: the first is written, the others are copies of it in other words."""
    tab.goto("/admin/snippets/nurture/sequence/add/")
    tab.fill("#id_title", "Four steady weeks")
    choose_diagnosis(tab, diagnosis)
    tab.fill("#id_goal", "Carry the shopping home.")
    tab.fill("#id_what_to_expect", "One short mail a week.")
    tab_named(tab, "Mails")
    write_first_step(tab, exercise)
    for number in range(1, len(SUBJECTS)):
        duplicate(tab, number)
        fill_step(tab, number)
    tab.wait_for_url("**/edit/*/")  # the first autosave has made the sequence


def underway(sequence: Sequence) -> None:
    """Two people wait for the second mail and one for the first."""
    for person in (ANNA, BEN):
        row = enrolled(person.joins(), sequence)
        assert row.due_at is not None
        assert due.claim(row.due_at) == 1  # in their window, whatever the day and the hour are
    enrolled(CLARA.joins(), sequence)


# ------------------------------------------------------------------ the story


def test_an_editor_builds_previews_publishes_and_edits_a_sequence_live(
    server: LiveServer, browser: Browser, team: None
) -> None:
    exercise, diagnosis = pictured_exercise(), diagnosis_page()
    tab = signed_in(browser, server, "eddie")
    tab.set_viewport_size({"width": 1600, "height": 1000})
    build(tab, diagnosis.title, exercise.title)

    # A subject that tells the diagnosis is refused, at its field.
    tab.fill("#steps-1-value-subject", "Week 2: calm your pelvis")
    submit(tab)
    refused = tab.locator("[data-contentpath=subject]").nth(1)
    expect(refused).to_contain_text("tells the diagnosis: pelvis")
    assert not StepVersion.objects.exists()

    # With other words it can be looked at, and goes to a clinician.
    tab_named(tab, "Mails")
    tab.fill("#steps-1-value-subject", SUBJECTS[1])
    settle(tab)
    seen = look(tab, "2. week 2", "Text")
    expect(seen).to_contain_text(SUBJECTS[1])
    expect(seen).to_contain_text("How did this week feel?")
    submit(tab)
    expect(tab.locator(".messages")).to_contain_text("submitted")
    sequence = Sequence.objects.get()
    assert not sequence.live

    approve(browser, server, sequence)
    sequence.refresh_from_db()
    assert SequenceApproval.objects.get().clinician_name == "Mara, DPT"
    assert [step.wait_count for step in sequence.compiled_steps.all()] == [0, 7, 7, 7]
    assert StepVersion.objects.filter(html__contains=exercise.title).count() == len(SUBJECTS)

    # People are underway, and the editor sees what an edit does to them before it is published.
    underway(sequence)
    tab.goto(edit_page(sequence))
    tab_named(tab, "Mails")
    tab.fill("#steps-1-value-wait-count", "3")
    settle(tab)
    tab.get_by_role("button", name="Save draft").click()
    expect(tab.locator(".messages")).to_contain_text("updated")
    see_the_effect(tab, sequence)

    # Once it is approved again, everybody follows the new plan.
    tab.goto(edit_page(sequence))
    submit(tab)
    expect(tab.locator(".messages")).to_contain_text("submitted")
    approve(browser, server, sequence)
    assert Sequence.objects.get().plan_number == sequence.plan_number + 1
    assert sequence.compiled_steps.get(name="week 2").wait_count == 3


def see_the_effect(tab: Page, sequence: Sequence) -> None:
    tab.goto(f"/admin/sequences/{sequence.pk}/effect/")
    second = tab.get_by_role("row", name=re.compile("^week 2"))
    expect(second).to_contain_text("another wait")
    assert second.locator("td.number").all_inner_texts()[:3] == ["1", "2", "0"]
    assert Sequence.objects.get().plan_number == sequence.plan_number
    assert barriers(tab) == []
    tab.goto(f"/admin/sequences/{sequence.pk}/timeline/")
    expect(tab.get_by_role("img", name="The mails on a calendar")).to_be_visible()
    expect(tab.get_by_text("The programme is finished.")).to_be_visible()
    assert barriers(tab) == []
