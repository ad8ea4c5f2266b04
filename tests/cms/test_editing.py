"""What an editor does with pages, through the very forms that the admin shows."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.admin.rich_text import get_rich_text_editor_widget
from wagtail.models import Comment, Page, PageLogEntry, Revision
from wagtail.test.utils.form_data import inline_formset, nested_form_data, streamfield

from cms import scheduling
from cms.admin import templates
from cms.models import (
    ArticlePage,
    DiagnosisPage,
    ExerciseIndexPage,
    ExercisePage,
    HomePage,
    Picture,
    RegionPage,
    User,
)
from cms.sample import Loaded
from tests.cms import clinic

TREE: dict[Any, set[Any]] = {
    HomePage: {RegionPage, ExerciseIndexPage, ArticlePage},
    RegionPage: {RegionPage, DiagnosisPage, ArticlePage},
    ExerciseIndexPage: {ExercisePage},
    DiagnosisPage: set(),
    ExercisePage: set(),
    ArticlePage: set(),
}


@pytest.fixture
def admin(loaded: Loaded, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ada", "ada@example.org"))
    return client


def prose(text: str) -> str:
    widget = get_rich_text_editor_widget(features=["bold"])
    return str(widget.format_value(f"<p>{text}</p>"))


def diagnosis(**changes: Any) -> dict[str, Any]:
    """What the form of a complete diagnosis posts."""
    section = {"aspect": "overview", "heading": "What it is", "body": prose("An ache.")}
    data: dict[str, Any] = nested_form_data(
        {
            "title": "Sore knee",
            "slug": "sore-knee",
            "summary": "A knee that aches.",
            "who": "",
            "red_flags": streamfield([("red_flag", {"sign": "Fever", "action": "urgent"})]),
            "sections": streamfield([("section", section)]),
            "recovery_weeks_from": "6",
            "recovery_weeks_to": "12",
            "recovery_note": "",
            "exercises": inline_formset([]),
            "related": inline_formset([]),
            "more_regions": inline_formset([]),
            "synonyms": streamfield([]),
            "codes": streamfield([]),
            "differentials": streamfield([]),
            "citations": streamfield([]),
            "author": "",
            "review_interval": "24",
            "change_summary": "",
            "notice": "",
            "seo_title": "",
            "search_description": "",
            "go_live_at": "",
            "expire_at": "",
            "comments": inline_formset([]),
            **changes,
        }
    )
    return data


def add(client: Client, *, data: dict[str, Any], publish: bool = False) -> Any:
    path = reverse(
        "wagtailadmin_pages:add", args=["cms", "diagnosispage", RegionPage.objects.get().pk]
    )
    action = {"action-publish": "yes"} if publish else {}
    return client.post(path, {**data, **action})


def told(response: Any) -> dict[str, Any]:
    """The errors by field; empty if the page was saved."""
    return dict(response.context["form"].errors) if response.status_code == 200 else {}


# ------------------------------------------------------------------ drafts and what is published


def test_a_complete_diagnosis_is_published(admin: Client) -> None:
    response = add(admin, data=diagnosis(), publish=True)

    assert told(response) == {}
    assert DiagnosisPage.objects.get(slug="sore-knee").live


EMPTY = {"red_flags": streamfield([]), "sections": streamfield([])}
UPSIDE_DOWN = {"recovery_weeks_from": "12", "recovery_weeks_to": "6"}
NO_SIGN = {"red_flags": streamfield([("red_flag", {"sign": "", "action": "urgent"})])}


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"red_flags": streamfield([])}, {"red_flags"}),
        (NO_SIGN, {"red_flags"}),
        ({"sections": streamfield([])}, {"sections"}),
        (UPSIDE_DOWN, {"recovery_weeks_to"}),
        ({"recovery_weeks_from": ""}, {"recovery_weeks_from"}),
        ({"summary": ""}, {"summary"}),
        (
            {**EMPTY, **UPSIDE_DOWN, "summary": ""},
            {"red_flags", "sections", "recovery_weeks_to", "summary"},
        ),
    ],
)
def test_what_is_missing_stops_the_publication_at_its_field_and_never_a_draft(
    admin: Client, changes: dict[str, Any], fields: set[str]
) -> None:
    refused = add(admin, data=diagnosis(**changes), publish=True)
    kept = add(admin, data=diagnosis(**changes))

    assert told(refused).keys() == fields
    assert told(kept) == {}
    assert not DiagnosisPage.objects.get(slug="sore-knee").live


def test_the_same_exercise_twice_is_told_and_breaks_nothing(admin: Client, loaded: Loaded) -> None:
    row = {"exercise": loaded.exercises["move-1"].pk, "why": "Good."}

    response = add(admin, data=diagnosis(exercises=inline_formset([row, row])), publish=True)

    assert response.status_code == 200
    assert "duplicate" in response.content.decode()


def test_a_draft_that_is_upside_down_cannot_go_live_by_another_way(loaded: Loaded) -> None:
    page = DiagnosisPage.objects.get()
    page.recovery_weeks_from, page.recovery_weeks_to = 12, 6
    revision = page.save_revision(clean=False)

    with pytest.raises(ValidationError):
        revision.publish()


def test_an_exercise_whose_drawing_has_no_description_is_not_published(loaded: Loaded) -> None:
    page = loaded.exercises["move-1"]
    Picture.objects.filter(pk=page.drawing_id).update(description=" ")
    page = ExercisePage.objects.get(pk=page.pk)

    with pytest.raises(ValidationError) as caught:
        page.full_clean()

    assert caught.value.message_dict.keys() == {"drawing"}
    page.checked_as_draft = True
    page.full_clean()


# ------------------------------------------------------------------ a new diagnosis


def test_a_new_diagnosis_begins_with_all_aspects_and_a_red_flag_to_replace(admin: Client) -> None:
    path = reverse(
        "wagtailadmin_pages:add", args=["cms", "diagnosispage", RegionPage.objects.get().pk]
    )

    page = admin.get(path).context["form"].instance

    assert [s.value["aspect"] for s in page.sections] == [a for a, *_ in templates.sections()]
    assert len(page.sections) == 10
    assert "[[" in page.red_flags[0].value["sign"]


def test_only_the_form_brings_the_template_not_the_page_itself() -> None:
    assert len(DiagnosisPage().sections) == 0


def test_the_template_cannot_be_published_as_it_is(loaded: Loaded) -> None:
    page = DiagnosisPage()
    templates.fill(page)

    for name in ("sections", "red_flags"):
        block = DiagnosisPage._meta.get_field(name).stream_block
        with pytest.raises(ValidationError):
            block.clean(getattr(page, name))
        block.clean_deferred(getattr(page, name))


# ------------------------------------------------------------------ previews


@pytest.mark.parametrize("kind", TREE)
def test_every_page_can_be_previewed_at_phone_and_desktop_width(kind: Any) -> None:
    page = kind()

    assert len(page.preview_modes) == 1
    widths = {size["device_width"] for size in page.preview_sizes}
    assert min(widths) <= 390
    assert max(widths) >= 1280


@pytest.mark.parametrize(
    ("kind", "parent"),
    [
        (DiagnosisPage, RegionPage),
        (RegionPage, HomePage),
        (ExercisePage, ExerciseIndexPage),
        (ArticlePage, RegionPage),
    ],
)
def test_an_empty_page_previews_without_a_crash(
    admin: Client, kind: Any, parent: Any, loaded: Loaded
) -> None:
    page = kind(title="Nothing yet", slug="nothing-yet", live=False)
    parent.objects.first().add_child(instance=page)
    page.save_revision(clean=False)
    path = reverse("wagtailadmin_pages:preview_on_edit", args=[page.pk])

    response = admin.get(path)
    draft = admin.get(reverse("wagtailadmin_pages:view_draft", args=[page.pk]))

    assert (response.status_code, draft.status_code) == (200, 200)
    assert "Nothing yet" in draft.content.decode()


def test_a_block_whose_page_was_deleted_previews_without_a_crash(
    admin: Client, loaded: Loaded
) -> None:
    page = ArticlePage.objects.get()
    page.body = [
        ("exercise", {"exercise": None, "note": ""}),
        ("diagnoses", {"heading": "Which?", "intro": "", "diagnoses": [None]}),
    ]
    page.save_revision()

    response = admin.get(reverse("wagtailadmin_pages:view_draft", args=[page.pk]))

    assert response.status_code == 200


# ------------------------------------------------------------------ where pages may stand


@pytest.mark.parametrize("kind", TREE)
def test_pages_stand_only_where_they_make_sense(kind: Any) -> None:
    ours = set(TREE)

    assert set(kind.allowed_subpage_models()) & ours == TREE[kind]


def test_nothing_but_a_home_page_stands_at_the_root() -> None:
    at_root = {kind for kind in TREE if Page in kind.allowed_parent_page_models()}

    assert at_root == {HomePage}


def test_there_is_one_list_of_exercises(loaded: Loaded) -> None:
    assert not ExerciseIndexPage.can_create_at(loaded.home)


# ------------------------------------------------------------------ what Wagtail offers


def test_autosave_keeps_a_page_that_is_only_begun(admin: Client) -> None:
    data = diagnosis(**{**EMPTY, **UPSIDE_DOWN, "summary": ""})
    path = reverse(
        "wagtailadmin_pages:add", args=["cms", "diagnosispage", RegionPage.objects.get().pk]
    )

    response = admin.post(path, data, headers={"accept": "application/json"})

    assert response.json()["success"] is True
    assert DiagnosisPage.objects.filter(slug="sore-knee", live=False).exists()


def test_versions_can_be_compared(admin: Client) -> None:
    page = DiagnosisPage.objects.get()
    page.summary = "Another summary."
    page.save_revision()
    path = reverse("wagtailadmin_pages:revisions_compare", args=[page.pk, "earliest", "latest"])

    html = admin.get(path).content.decode()

    assert "Another summary." in html or "Another" in html


def test_a_page_goes_live_at_its_hour(loaded: Loaded) -> None:
    page = DiagnosisPage.objects.get()
    page.title, page.go_live_at = "Later", timezone.now() + timedelta(hours=1)
    page.save_revision(approved_go_live_at=page.go_live_at)

    scheduling.run()
    before = DiagnosisPage.objects.get().title
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        scheduling.run()

    assert before == "Sore hip"
    assert DiagnosisPage.objects.get().title == "Later"


def planned(page: Any, **changes: Any) -> None:
    """A draft that is to go live in an hour."""
    for name, value in changes.items():
        setattr(page, name, value)
    page.go_live_at = timezone.now() + timedelta(hours=1)
    page.save_revision(approved_go_live_at=page.go_live_at, clean=False)


def history(page: Any) -> list[str]:
    entries = PageLogEntry.objects.filter(page=page.pk, action=scheduling.FAILED)
    return [str(entry.message) for entry in entries]


def test_one_page_that_cannot_go_live_keeps_no_other_from_it_and_says_why_once(
    loaded: Loaded,
) -> None:
    broken, fine = DiagnosisPage.objects.get(), loaded.exercises["move-1"]
    planned(broken, recovery_weeks_from=12, recovery_weeks_to=6)
    planned(fine, title="Later")

    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        failures = [scheduling.run(), scheduling.run()]

    fine.refresh_from_db()
    assert failures == [1, 1]
    assert fine.title == "Later"
    assert DiagnosisPage.objects.get().recovery_weeks_from == 6
    assert history(broken) == [
        "What was planned for this hour could not be done: The upper end is below the lower end."
    ]


def test_a_plan_that_was_mended_is_carried_out(loaded: Loaded) -> None:
    page = DiagnosisPage.objects.get()
    planned(page, recovery_weeks_from=12, recovery_weeks_to=6)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        scheduling.run()
        planned(page, recovery_weeks_from=12, recovery_weeks_to=26)
        Revision.objects.exclude(pk=page.latest_revision_id).update(approved_go_live_at=None)
    with time_machine.travel(timezone.now() + timedelta(hours=4)):
        failures = scheduling.run()

    assert failures == 0
    assert DiagnosisPage.objects.get().recovery_weeks_to == 26


def test_a_fault_of_ours_is_told_without_its_words(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = loaded.exercises["move-1"]
    ExercisePage.objects.update(expire_at=timezone.now() - timedelta(minutes=1))

    def broken(live: Any) -> None:
        if live.pk == page.pk:
            raise RuntimeError("the name of a diagnosis")
        live.unpublish(set_expired=True)

    monkeypatch.setattr(scheduling, "expire", broken)
    failures = [scheduling.run(), scheduling.run()]

    assert failures == [1, 1]
    assert history(page) == [
        "What was planned for this hour failed. Ask whoever looks after the site."
    ]
    assert ExercisePage.objects.filter(live=True).count() == 1


def test_editors_can_leave_comments(admin: Client) -> None:
    page = DiagnosisPage.objects.get()
    user = User.objects.get()
    Comment.objects.create(page=page, user=user, text="Is this so?", contentpath="summary")

    html = admin.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()

    assert "Is this so?" in html


def test_what_somebody_locked_is_changed_by_nobody_else(admin: Client, loaded: Loaded) -> None:
    page = loaded.exercises["move-1"]
    eddie = clinic.user("eddie", "Editors")

    admin.post(f"/admin/pages/{page.pk}/lock/")

    page = ExercisePage.objects.get(pk=page.pk)
    assert page.locked
    assert page.get_lock().for_user(eddie)
    other = Client()
    other.force_login(eddie)
    html = other.get(f"/admin/pages/{page.pk}/edit/").content.decode()
    assert "locked" in html
    assert "Save draft" not in html
