"""Clinical review, as the people of a practice meet it."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import PageLogEntry, TaskState, WorkflowPage
from wagtail.signals import page_published

from cms import public
from cms.models import Approval, ClinicalReviewTask, ClinicianPage, DiagnosisPage, User
from cms.models.review_task import ensure_workflow
from cms.review import Status
from cms.sample import Loaded
from tests.cms import clinic
from tests.cms.clinic import TODAY, approve, edit, publish, submit


@pytest.fixture
def page(loaded: Loaded) -> DiagnosisPage:
    return clinic.diagnosis(loaded)


@pytest.fixture
def mara(loaded: Loaded) -> User:
    """A clinician who may enter the admin, and nothing else there."""
    account = clinic.user("mara")
    clinic.clinician(loaded, "Mara", account=account)
    return account


@pytest.fixture
def editor(db: None) -> User:
    return clinic.user("eddie", "Editors")


@pytest.fixture
def publisher(db: None) -> User:
    return clinic.user("molly", "Moderators")


def today(page: DiagnosisPage) -> Status:
    return page.review_status(today=TODAY)


def history(page: DiagnosisPage) -> list[str]:
    entries = PageLogEntry.objects.filter(page=page.pk, action__startswith="cms.review")
    return [str(entry.message) for entry in entries.order_by("pk")]


def reworded(page: DiagnosisPage) -> Any:
    """The first section with one more word in it."""
    raw = page.sections.get_prep_value()
    raw[0]["value"]["body"] = "<p>An ache, really.</p>"
    return page.sections.stream_block.to_python(raw)


# ------------------------------------------------------------------ who may approve


def test_a_new_installation_sends_every_page_to_a_clinician(db: None) -> None:
    assigned = WorkflowPage.objects.get(page__depth=1)

    assert assigned.workflow.name == "Clinical review"
    assert [task.specific_class for task in assigned.workflow.tasks] == [ClinicalReviewTask]


def test_the_workflow_is_made_once_and_another_choice_stays(db: None) -> None:
    WorkflowPage.objects.all().delete()

    ensure_workflow()

    assert ClinicalReviewTask.objects.count() == 1
    assert not WorkflowPage.objects.exists()


def test_a_clinician_approves_and_the_page_goes_live_with_its_dates(
    page: DiagnosisPage, mara: User
) -> None:
    edit(page, summary="A hip that aches a lot.")

    approve(page, by=mara)

    assert page.live
    assert page.summary == "A hip that aches a lot."
    assert (page.last_reviewed, page.next_review_due) == (TODAY, date(2028, 3, 31))
    assert [clinician.title for clinician in page.reviewers] == ["Mara"]
    assert today(page) == Status.CURRENT
    assert public.in_review(page.pk, today=TODAY)


def test_the_interval_of_the_page_decides_when_it_is_due_again(
    page: DiagnosisPage, mara: User
) -> None:
    edit(page, review_interval=6)

    approve(page, by=mara)

    assert page.next_review_due == date(2026, 9, 30)


@pytest.mark.parametrize("group", [["Editors"], ["Moderators"]])
def test_whoever_is_no_clinician_sees_no_action_and_is_refused(
    page: DiagnosisPage, group: list[str]
) -> None:
    other = clinic.user("other", *group)
    state = submit(page)

    assert state.task.specific.get_actions(page, other) == []
    for action in ("approve", "reject"):
        with pytest.raises(PermissionDenied):
            state.task.specific.on_action(state, other, action)
    assert TaskState.objects.get(pk=state.pk).status == TaskState.STATUS_IN_PROGRESS


def test_an_administrator_who_is_no_clinician_is_refused(
    page: DiagnosisPage, admin_user: User
) -> None:
    state = submit(page)

    assert state.task.specific.get_actions(page, admin_user) == []
    with pytest.raises(PermissionDenied):
        state.approve(user=admin_user)


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_an_editor_who_posts_the_approval_is_turned_away(
    page: DiagnosisPage, editor: User, client: Client, action: str
) -> None:
    edit(page, summary="Changed.")
    state = submit(page)
    client.force_login(editor)

    client.post(
        reverse("wagtailadmin_pages:workflow_action", args=[page.pk, action, state.pk]),
        {"comment": ""},
    )

    page.refresh_from_db()
    assert TaskState.objects.get(pk=state.pk).status == TaskState.STATUS_IN_PROGRESS
    assert page.summary == "A hip that aches."


def test_a_clinician_approves_by_the_admin_without_any_right_to_publish(
    page: DiagnosisPage, mara: User, client: Client
) -> None:
    edit(page, summary="Changed.")
    state = submit(page)
    client.force_login(mara)

    client.post(
        reverse("wagtailadmin_pages:workflow_action", args=[page.pk, "approve", state.pk]),
        {"comment": "Good."},
    )

    page.refresh_from_db()
    assert page.summary == "Changed."
    assert page.reviewers[0].account == mara


def test_approval_by_nobody_is_refused(page: DiagnosisPage) -> None:
    with pytest.raises(PermissionDenied):
        submit(page).approve()


@pytest.mark.parametrize("change", ["unpublished", "inactive"])
def test_a_clinician_who_left_may_not_approve(page: DiagnosisPage, mara: User, change: str) -> None:
    if change == "unpublished":
        ClinicianPage.objects.get(account=mara).unpublish()
    else:
        User.objects.filter(pk=mara.pk).update(is_active=False)

    with pytest.raises(PermissionDenied):
        submit(page).approve(user=User.objects.get(pk=mara.pk))


def test_a_page_in_review_waits_on_the_desk_of_clinicians_only(
    page: DiagnosisPage, mara: User, editor: User
) -> None:
    state = submit(page)

    assert list(TaskState.objects.reviewable_by(mara)) == [state.taskstate_ptr]
    assert not TaskState.objects.reviewable_by(editor).exists()


def test_while_a_clinician_reads_nobody_else_edits(
    page: DiagnosisPage, mara: User, editor: User
) -> None:
    task = submit(page).task.specific

    assert task.locked_for_user(page, editor)
    assert not task.locked_for_user(page, mara)
    assert page.permissions_for_user(mara).can_edit()


def test_asking_for_changes_leaves_the_page_as_it_was(page: DiagnosisPage, mara: User) -> None:
    edit(page, summary="Changed.")
    state = submit(page)

    state.task.specific.on_action(state, mara, "reject", comment="Which hip?")

    page.refresh_from_db()
    assert page.summary == "A hip that aches."
    assert not Approval.objects.exists()


def test_what_a_clinician_approves_is_what_they_saw(page: DiagnosisPage, mara: User) -> None:
    """A draft that somebody slipped in while the clinician read needs a look of its own."""
    state = submit(page)
    edit(page, summary="Slipped in.")

    state.task.specific.on_action(state, mara, "approve")

    page.refresh_from_db()
    assert page.summary == "A hip that aches."
    assert page.current_workflow_task_state.revision == page.get_latest_revision()


def test_a_clinician_may_correct_and_approve_in_one_go(page: DiagnosisPage, mara: User) -> None:
    state = submit(page)
    edit(page, by=mara, summary="Corrected.")

    state.task.specific.on_action(state, mara, "approve")

    page.refresh_from_db()
    assert page.summary == "Corrected."
    assert public.in_review(page.pk)


def test_two_clinicians_stand_on_the_page_when_two_approved_the_same_text(
    page: DiagnosisPage, mara: User, loaded: Loaded
) -> None:
    noor = clinic.user("noor")
    clinic.clinician(loaded, "Noor", account=noor)

    approve(page, by=mara)
    approve(page, by=noor, on=TODAY + timedelta(days=1))

    assert [clinician.title for clinician in page.reviewers] == ["Noor", "Mara"]
    assert page.last_reviewed == TODAY + timedelta(days=1)


# ------------------------------------------------------------------ what takes it away


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Sorer hip"},
        {"summary": "Other words."},
        {"who": "Everybody."},
        {"recovery_weeks_to": 13},
        {"recovery_note": "Longer."},
    ],
)
def test_publishing_another_substance_takes_the_approval_away(
    page: DiagnosisPage, mara: User, publisher: User, change: dict[str, Any]
) -> None:
    approve(page, by=mara)

    publish(page, by=publisher, **change)

    assert today(page) == Status.CHANGED
    assert page.last_reviewed == TODAY
    assert not public.in_review(page.pk, today=TODAY)
    assert history(page)[0].startswith("Published without a review")


def test_a_changed_section_a_red_flag_and_an_exercise_count_too(
    page: DiagnosisPage, mara: User
) -> None:
    def milder_red_flag() -> dict[str, Any]:
        raw = page.red_flags.get_prep_value()
        raw[1]["value"]["action"] = "routine"
        return {"red_flags": page.red_flags.stream_block.to_python(raw)}

    def fewer_exercises() -> dict[str, Any]:
        return {"exercises": list(page.exercises.all())[:1]}

    def other_words() -> dict[str, Any]:
        return {"sections": reworded(page)}

    for change in (other_words, milder_red_flag, fewer_exercises):
        approve(page, by=mara)
        assert today(page) == Status.CURRENT

        publish(page, **change())

        assert today(page) == Status.CHANGED


@pytest.mark.parametrize(
    "change",
    [
        {"slug": "hip-that-aches"},
        {"seo_title": "Hip"},
        {"search_description": "Hips."},
        {"notice": "Moved house."},
        {"change_summary": "Nothing."},
        {"review_interval": 3},
        {"show_in_menus": True},
    ],
)
def test_what_is_none_of_the_readers_business_leaves_the_approval(
    page: DiagnosisPage, mara: User, change: dict[str, Any]
) -> None:
    approve(page, by=mara)

    publish(page, **change)

    assert today(page) == Status.CURRENT
    assert history(page) == []


def test_the_editors_way_of_writing_rich_text_changes_nothing(
    page: DiagnosisPage, mara: User
) -> None:
    approve(page, by=mara)
    raw = page.sections.get_prep_value()
    raw[0]["value"]["body"] = '<p data-block-key="a1b2c">An ache.</p>\n'
    raw[0]["id"] = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"

    publish(page, sections=page.sections.stream_block.to_python(raw))

    assert today(page) == Status.CURRENT


def test_a_dosage_and_a_stop_rule_are_substance(loaded: Loaded, mara: User) -> None:
    move = loaded.exercises["move-1"]
    approve(move, by=mara)
    raw = move.dosage.get_prep_value()
    raw[0]["value"]["sets_to"] = 9

    publish(move, dosage=move.dosage.stream_block.to_python(raw))

    assert move.review_status(today=TODAY) == Status.CHANGED
    approve(move, by=mara)
    publish(move, stop_if="Never stop.")
    assert move.review_status(today=TODAY) == Status.CHANGED


def test_going_back_to_what_was_approved_brings_the_approval_back(
    page: DiagnosisPage, mara: User
) -> None:
    approve(page, by=mara)
    approved = page.latest_revision
    publish(page, summary="Other words.")

    approved.publish()

    page.refresh_from_db()
    assert today(page) == Status.CURRENT


def test_going_back_to_what_a_clinician_replaced_does_not(page: DiagnosisPage, mara: User) -> None:
    approve(page, by=mara)
    old = page.latest_revision
    edit(page, summary="Safer words.")
    approve(page, by=mara, on=TODAY + timedelta(days=5))

    old.publish()

    page.refresh_from_db()
    assert page.summary == "A hip that aches."
    assert today(page) == Status.CHANGED


def test_an_administrator_publishes_but_the_page_is_not_in_review(
    page: DiagnosisPage, admin_user: User
) -> None:
    publish(page, by=admin_user, summary="Brand new.")

    assert page.summary == "Brand new."
    assert today(page) == Status.NEVER
    assert not public.in_review(page.pk)


def test_nobody_types_a_review_date_into_a_draft(page: DiagnosisPage) -> None:
    publish(page, last_reviewed=TODAY, next_review_due=TODAY, approved_fingerprint="x")

    assert (page.last_reviewed, page.next_review_due) == (None, None)
    assert today(page) == Status.NEVER


def test_an_approval_is_never_changed(page: DiagnosisPage, mara: User) -> None:
    approve(page, by=mara)
    approval = Approval.objects.get()

    with pytest.raises(TypeError):
        approval.save()


def test_the_reviewers_name_stays_when_their_page_goes(page: DiagnosisPage, mara: User) -> None:
    approve(page, by=mara)

    ClinicianPage.objects.get(account=mara).delete()

    page = DiagnosisPage.objects.get(pk=page.pk)
    assert page.reviewers == []
    assert [approval.clinician_name for approval in page.last_approvals] == ["Mara, DPT"]


# ------------------------------------------------------------------ typo fixes


def test_a_typo_fix_keeps_the_approval_and_stands_in_the_history(
    page: DiagnosisPage, mara: User, publisher: User
) -> None:
    approve(page, by=mara)

    publish(page, by=publisher, summary="A hip that akes.", minor_edit=True)

    assert today(page) == Status.CURRENT
    assert [clinician.title for clinician in page.reviewers] == ["Mara"]
    assert page.last_reviewed == TODAY
    assert not page.minor_edit
    assert not page.get_latest_revision_as_object().minor_edit
    assert history(page) == ["Only typos were fixed (summary); the clinical approval stays"]


def test_the_next_edit_needs_a_new_tick(page: DiagnosisPage, mara: User) -> None:
    approve(page, by=mara)
    publish(page, summary="A hip that akes.", minor_edit=True)

    publish(page, summary="A hip that hurts badly.")

    assert today(page) == Status.CHANGED


def test_a_typo_fix_cannot_approve_what_nobody_approved(page: DiagnosisPage, mara: User) -> None:
    publish(page, summary="A hip that akes.", minor_edit=True)
    assert today(page) == Status.NEVER

    approve(page, by=mara)
    publish(page, summary="Something else.")
    publish(page, summary="Something elses.", minor_edit=True)
    assert today(page) == Status.CHANGED


def test_a_tick_does_not_smuggle_in_a_fact(page: DiagnosisPage, mara: User) -> None:
    approve(page, by=mara)

    publish(page, recovery_weeks_to=52, minor_edit=True)

    assert today(page) == Status.CHANGED
    assert "more than words changed: recovery to (weeks)" in history(page)[0]


def test_both_clinicians_stay_after_a_typo_fix(
    page: DiagnosisPage, mara: User, loaded: Loaded
) -> None:
    noor = clinic.user("noor")
    clinic.clinician(loaded, "Noor", account=noor)
    approve(page, by=mara)
    approve(page, by=noor)

    publish(page, summary="A hip that akes.", minor_edit=True)

    assert [clinician.title for clinician in page.reviewers] == ["Noor", "Mara"]


# ------------------------------------------------------------------ publishing as one step


def test_a_publication_that_fails_changes_nothing(
    page: DiagnosisPage, mara: User, request: pytest.FixtureRequest
) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError("the disk is full")

    approve(page, by=mara)
    page_published.connect(fail)
    request.addfinalizer(lambda: page_published.disconnect(fail))

    with pytest.raises(RuntimeError):
        publish(page, summary="A hip that akes.", minor_edit=True)

    page = DiagnosisPage.objects.get(pk=page.pk)
    assert page.summary == "A hip that aches."
    assert Approval.objects.count() == 1
    assert history(page) == []
    assert page.get_latest_revision_as_object().minor_edit


def test_receivers_of_the_publication_see_the_review_date(
    page: DiagnosisPage, mara: User, request: pytest.FixtureRequest
) -> None:
    seen = []

    def look(instance: DiagnosisPage, **kwargs: Any) -> None:
        seen.append((instance.last_reviewed, public.in_review(instance.pk, today=TODAY)))

    page_published.connect(look)
    request.addfinalizer(lambda: page_published.disconnect(look))

    approve(page, by=mara)

    assert seen == [(TODAY, True)]


def test_an_approval_for_later_counts_when_the_page_goes_live(
    page: DiagnosisPage, mara: User
) -> None:
    later = timezone.now() + timedelta(days=3)
    edit(page, summary="For later.", go_live_at=later)

    state = submit(page)
    state.task.specific.on_action(state, mara, "approve")
    page.refresh_from_db()
    assert page.last_reviewed is None

    with time_machine.travel(later + timedelta(minutes=1)):
        page.get_latest_revision().publish()
    page.refresh_from_db()
    assert page.summary == "For later."
    assert public.in_review(page.pk)


def test_what_cannot_be_published_goes_back_with_the_reason(
    page: DiagnosisPage, mara: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise ValidationError("A loop.")

    state = submit(page)
    monkeypatch.setattr(DiagnosisPage, "publish", refuse)

    state.task.specific.on_action(state, mara, "approve")

    state = TaskState.objects.get(pk=state.pk)
    assert (state.status, state.comment) == (
        TaskState.STATUS_REJECTED,
        "It cannot be published: A loop.",
    )
    assert not Approval.objects.exists()


def test_a_copy_of_a_page_is_not_reviewed(page: DiagnosisPage, mara: User) -> None:
    approve(page, by=mara)

    copy = page.copy(update_attrs={"slug": "copy"}, keep_live=True)

    assert today(copy) == Status.NEVER
    assert not public.in_review(copy.pk, today=TODAY)


def test_an_alias_is_as_reviewed_as_its_source(page: DiagnosisPage, mara: User) -> None:
    alias = page.create_alias(update_slug="alias")

    approve(page, by=mara)

    alias = DiagnosisPage.objects.get(pk=alias.pk)
    assert today(alias) == Status.CURRENT
    assert [clinician.title for clinician in alias.reviewers] == ["Mara"]


# ------------------------------------------------------------------ what others are told


def test_in_review_ends_on_the_day_after_the_due_date(page: DiagnosisPage, mara: User) -> None:
    approve(page, by=mara)
    due = page.next_review_due
    assert due is not None

    assert public.in_review(page.pk, today=due)
    assert not public.in_review(page.pk, today=due + timedelta(days=1))


def test_only_live_health_pages_are_in_review(
    page: DiagnosisPage, mara: User, loaded: Loaded
) -> None:
    approve(page, by=mara)
    assert not public.in_review(loaded.home.pk, today=TODAY)
    assert not public.in_review(987_654, today=TODAY)

    page.unpublish()

    assert not public.in_review(page.pk, today=TODAY)


def test_in_review_costs_one_query(
    page: DiagnosisPage, mara: User, django_assert_num_queries: Any
) -> None:
    approve(page, by=mara)

    with django_assert_num_queries(1):
        public.in_review(page.pk)


def test_the_pages_not_in_review_are_found_in_one_query(
    page: DiagnosisPage, mara: User, loaded: Loaded, django_assert_num_queries: Any
) -> None:
    approve(page, by=mara)
    exercise = loaded.exercises["move-1"].pk
    asked = [page.pk, exercise, 987_654]

    with django_assert_num_queries(1):
        found = public.not_in_review(asked, today=TODAY)

    assert found == {exercise, 987_654}
    later = TODAY + timedelta(days=3_000)
    assert public.not_in_review(asked, today=later) == {*asked}


def test_what_is_not_in_review_is_the_same_rule_for_one_page_and_for_many(
    page: DiagnosisPage, mara: User
) -> None:
    approve(page, by=mara)
    due = page.next_review_due
    assert due is not None
    changes = [due, due + timedelta(days=1)]

    for day in changes:
        assert (page.pk in public.not_in_review({page.pk}, today=day)) is not public.in_review(
            page.pk, today=day
        )
    publish(page, summary="Something else.")
    assert public.not_in_review({page.pk}, today=due) == {page.pk}


@pytest.fixture
def told(db: None) -> Iterator[list[tuple[set[int], bool]]]:
    """What other apps were told: the pages, and whether a transaction of the teller was open."""
    heard: list[tuple[set[int], bool]] = []

    def listen(page_ids: frozenset[int], **_kwargs: Any) -> None:
        heard.append((set(page_ids), len(connection.savepoint_ids) > 0))

    public.review_may_have_changed.connect(listen)
    yield heard
    public.review_may_have_changed.disconnect(listen)


def test_others_are_told_of_an_approval_and_an_edit_while_it_can_still_fail(
    page: DiagnosisPage, mara: User, told: list[tuple[set[int], bool]]
) -> None:
    approve(page, by=mara)
    publish(page, summary="Something else.")

    assert told == [({page.pk}, True), ({page.pk}, True)]


def test_others_are_told_when_a_page_goes(
    page: DiagnosisPage, loaded: Loaded, told: list[tuple[set[int], bool]]
) -> None:
    page.unpublish()
    page.delete()

    assert [pages for pages, _open in told] == [{page.pk}, {page.pk}]


def test_pages_that_no_clinician_reviews_are_nobodys_news(
    loaded: Loaded, told: list[tuple[set[int], bool]]
) -> None:
    loaded.home.save_revision().publish()

    assert told == []


def words(client: Client, page: DiagnosisPage) -> str:
    return " ".join(client.get(page.url).content.decode().split())


def test_readers_see_who_reviewed_it_and_when_it_is_due(
    page: DiagnosisPage, mara: User, client: Client
) -> None:
    assert "Not yet reviewed by a clinician" in words(client, page)

    approve(page, by=mara)

    with time_machine.travel(TODAY):
        shown = words(client, page)
    assert 'Last reviewed March 31, 2026 by <a href="/team/mara/">Mara, DPT</a>' in shown
    assert "Next review due: March 31, 2028" in shown


def test_readers_see_no_alarm_when_a_review_is_overdue_but_editors_do(
    page: DiagnosisPage, mara: User, editor: User, client: Client
) -> None:
    approve(page, by=mara, on=date(2020, 1, 1))

    shown = words(client, page)
    client.force_login(editor)
    edited = client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()

    assert "Last reviewed Jan. 1, 2020" in shown
    assert "due" not in shown.split('class="reviewed"')[1].split("</p>")[0]
    assert "The review is overdue." in edited


def test_readers_are_told_that_a_page_was_edited_since(
    page: DiagnosisPage, mara: User, client: Client
) -> None:
    approve(page, by=mara)

    publish(page, summary="Other words.")

    assert "Edited since then" in words(client, page)


def test_editors_see_what_differs_from_the_approved_text(page: DiagnosisPage, mara: User) -> None:
    approve(page, by=mara)

    edit(page, summary="Other words.", recovery_weeks_to=20)

    draft = DiagnosisPage.objects.get(pk=page.pk).get_latest_revision_as_object()
    assert draft.draft_changes == ["recovery to (weeks)", "summary"]


def test_editors_cannot_post_a_review_date(page: DiagnosisPage) -> None:
    form = type(page).get_edit_handler().get_form_class()

    assert {"minor_edit", "change_summary", "author", "citations"} <= set(form.base_fields)
    assert not {"last_reviewed", "next_review_due", "approved_fingerprint"} & set(form.base_fields)
