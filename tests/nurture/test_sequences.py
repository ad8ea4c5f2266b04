"""A sequence is a snippet with a life: approved, scheduled, copied, translated, closed for days."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from wagtail.models import Locale, Workflow

from cms import public
from cms.models import ClinicianIndexPage, ClinicianPage
from cms.review import Status
from nurture.authoring import approving
from nurture.authoring.admin import with_new_keys
from nurture.authoring.faults import CannotCompile
from nurture.models import Closure, Sequence, SequenceApproval, Step, StepVersion
from tests.cms import clinic
from tests.factories import (
    checkin,
    home_page,
    publish,
    published_sequence,
    raw_steps,
    step,
    text,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def spanish() -> Locale:
    return Locale.objects.get_or_create(language_code="es")[0]


def edited_draft(sequence: Sequence, **fields: Any) -> Sequence:
    draft: Sequence = Sequence.objects.get(pk=sequence.pk).get_latest_revision_as_object()
    for name, value in fields.items():
        setattr(draft, name, value)
    return draft


# ------------------------------------------------------------------ clinical approval


def approve(sequence: Sequence, user: Any) -> None:
    """Submitted by one, approved by another, through the workflow that all sequences have."""
    workflow = sequence.get_workflow()
    assert isinstance(workflow, Workflow)
    state = workflow.start(sequence, clinic.user("writer"))
    task = state.current_task_state.specific
    task.task.specific.on_action(task, user, "approve")


@pytest.fixture
def clinician() -> Any:
    account = clinic.user("clinician")
    index = home_page().add_child(instance=ClinicianIndexPage(title="Our team", slug="team"))
    index.add_child(instance=ClinicianPage(title="Dana", credentials="DPT", account=account))
    return account


def test_sequences_go_through_the_same_review_as_pages() -> None:
    assert Sequence.get_default_workflow() == public.clinical_workflow()


def test_who_writes_pages_writes_sequences_and_only_moderators_publish_them_unasked() -> None:
    eddie, mo = clinic.user("eddie", "Editors"), clinic.user("mo", "Moderators")

    verbs = ("add", "change", "delete", "publish")
    may = {
        person.username: [verb for verb in verbs if person.has_perm(f"nurture.{verb}_sequence")]
        for person in (eddie, mo)
    }
    assert may == {"eddie": ["add", "change"], "mo": list(verbs)}
    assert eddie.has_perm("nurture.add_closure")


def test_an_approval_publishes_and_belongs_to_what_was_approved(clinician: Any) -> None:
    sequence = published_sequence(steps=1)
    draft = edited_draft(sequence, goal="Carry the shopping up the stairs.")
    draft.save_revision()

    approve(Sequence.objects.get(pk=sequence.pk), clinician)

    live = Sequence.objects.get()
    approval = SequenceApproval.objects.get()
    assert live.goal == "Carry the shopping up the stairs."
    assert live.review_status() == Status.CURRENT
    assert approval.fingerprint == live.fingerprint
    assert approval.reviewed_on == timezone.localdate()


def test_another_text_leaves_the_approval_behind(clinician: Any) -> None:
    sequence = published_sequence(steps=1)
    approve(sequence, clinician)
    one = raw_steps(sequence)[0]
    one["value"]["body"] = [text("<p>Other words.</p>")]

    publish(edited_draft(sequence, steps=[one]))

    assert Sequence.objects.get().review_status() == Status.CHANGED


def test_nobody_approves_without_being_a_clinician() -> None:
    sequence = published_sequence(steps=1)

    with pytest.raises(PermissionDenied):
        approve(sequence, clinic.user("boss"))

    assert not SequenceApproval.objects.exists()


def test_an_approved_sequence_that_cannot_go_out_goes_back_with_the_reason(clinician: Any) -> None:
    sequence = published_sequence(steps=1)
    one = raw_steps(sequence)[0]
    one["value"]["subject"] = "Your pelvis"
    edited_draft(sequence, steps=[one]).save_revision()

    approve(Sequence.objects.get(pk=sequence.pk), clinician)

    row = Sequence.objects.get()
    state = row.current_workflow_state
    assert row.live_revision != row.latest_revision
    assert "tells the diagnosis" in state.current_task_state.comment
    assert not SequenceApproval.objects.exists()


def test_a_workflow_that_was_taken_away_is_not_brought_back() -> None:
    published_sequence(steps=1)
    kind = Sequence.get_default_workflow()
    assert kind is not None
    kind.workflow_content_types.all().delete()

    approving.on_migrated(sender=type("Config", (), {"name": "nurture"}))

    assert Sequence.get_default_workflow() is None


# ------------------------------------------------------------------ scheduling


def test_a_publication_for_later_changes_nothing_now() -> None:
    sequence = published_sequence(steps=2)
    later = timezone.now() + timedelta(days=3)
    draft = edited_draft(sequence, steps=raw_steps(sequence)[:1], go_live_at=later)

    draft.save_revision().publish()

    row = Sequence.objects.get()
    assert row.plan_number == sequence.plan_number
    assert Step.objects.filter(live=True).count() == 2


def test_when_its_time_comes_it_compiles() -> None:
    sequence = published_sequence(steps=2)
    draft = edited_draft(sequence, steps=raw_steps(sequence)[:1])
    revision = draft.save_revision(approved_go_live_at=timezone.now() - timedelta(minutes=1))

    revision.publish()  # as `publish_scheduled` does

    assert Step.objects.filter(live=True).count() == 1


# ------------------------------------------------------------------ copies


def test_a_copy_has_keys_of_its_own_and_the_same_content() -> None:
    sequence = published_sequence(steps=2)

    copy = with_new_keys(Sequence.objects.get())

    old, new = raw_steps(sequence), list(copy.steps.raw_data)
    assert [child["value"] for child in new] == [child["value"] for child in old]
    assert not {child["id"] for child in new} & {child["id"] for child in old}
    assert all(UUID(child["id"]) for child in new)


def test_a_step_back_in_a_copy_leads_to_the_copys_own_step() -> None:
    back = {"answer": "too_hard", "does": "step_back", "to": "Week 1", "label": ""}
    easy = {"answer": "too_easy", "does": "advance", "to": "", "label": ""}
    first = step(name="week 1")
    second = step(checkin(answers=[easy, back]), wait_days=7)
    sequence = published_sequence(steps=[first, second])
    copy = with_new_keys(Sequence.objects.get(pk=sequence.pk))

    published_sequence(steps=list(copy.steps.raw_data), title=copy.title)

    steps = Step.objects.exclude(sequence=sequence).order_by("position")
    rules = steps[1].versions.get().rules
    assert rules is not None
    assert rules.answers[1].to == steps[0].key


# ------------------------------------------------------------------ translations


def translation(sequence: Sequence, locale: Locale, **fields: Any) -> Sequence:
    copy: Sequence = Sequence.objects.get(pk=sequence.pk).copy_for_translation(locale)
    for name, value in fields.items():
        setattr(copy, name, value)
    copy.save()
    return copy


def test_a_translation_adds_versions_to_the_same_steps(spanish: Locale) -> None:
    sequence = published_sequence(steps=1)

    publish(translation(sequence, spanish))

    assert Step.objects.count() == 1
    languages = StepVersion.objects.values_list("locale__language_code", flat=True)
    assert sorted(languages) == ["en-us", "es"]


def test_a_translation_speaks_its_own_words_and_follows_the_sources_rules(spanish: Locale) -> None:
    asking = step(checkin(max_repeats=1))
    sequence = published_sequence(steps=[asking])
    words = {"question": "¿Cómo te fue?", "max_repeats": 8}
    theirs = translation(sequence, spanish)
    child = raw_steps(theirs)[0]
    child["value"]["body"][0]["value"].update(words)
    child["value"]["wait"]["count"] = 0
    theirs.steps = [child]

    publish(theirs)

    rules = StepVersion.objects.get(locale=spanish).rules
    assert rules is not None
    assert (rules.question, rules.max_repeats) == ("¿Cómo te fue?", 1)
    assert Sequence.objects.get(pk=sequence.pk).plan_number == sequence.plan_number


def test_a_translation_without_the_check_in_of_its_source_does_not_publish(
    spanish: Locale,
) -> None:
    sequence = published_sequence(steps=[step(text(), checkin())])
    theirs = translation(sequence, spanish)
    child = raw_steps(theirs)[0]
    del child["value"]["body"][1]
    theirs.steps = [child]

    with pytest.raises(CannotCompile, match=r"Paso 1: .*pregunta de seguimiento"):
        publish(theirs)

    assert not StepVersion.objects.filter(locale=spanish).exists()


def test_a_translation_with_a_check_in_of_its_own_does_not_publish(spanish: Locale) -> None:
    theirs = translation(published_sequence(steps=[step(text())]), spanish)
    child = raw_steps(theirs)[0]
    child["value"]["body"] = [*child["value"]["body"], checkin()]
    theirs.steps = [child]

    with pytest.raises(CannotCompile) as told:
        publish(theirs)

    assert told.value.faults[0].place[-1] == "question"


# ------------------------------------------------------------------ closures


def test_a_closure_is_all_its_days() -> None:
    Closure.objects.create(name="Holidays", first=date(2026, 12, 24), last=date(2026, 12, 26))

    assert Closure.objects.all().days() == {date(2026, 12, day) for day in (24, 25, 26)}


def test_a_closure_makes_everybody_be_planned_anew() -> None:
    sequence = published_sequence(steps=1)

    Closure.objects.create(name="Move", first=date(2027, 1, 4), last=date(2027, 1, 4))

    assert Sequence.objects.get().plan_number == sequence.plan_number + 1


@pytest.mark.parametrize(("days", "why"), [(-1, "before the first"), (200, "three months")])
def test_a_closure_that_cannot_be_is_told_at_its_field(days: int, why: str) -> None:
    first = date(2027, 1, 4)
    closure = Closure(name="Odd", first=first, last=first + timedelta(days=days))

    with pytest.raises(ValidationError, match=why) as caught:
        closure.full_clean()

    assert list(caught.value.message_dict) == ["last"]


# ------------------------------------------------------------------ a plan that could not work


def answers(*others: dict[str, str]) -> list[dict[str, str]]:
    return [{"answer": "too_easy", "does": "advance", "to": "", "label": ""}, *others]


def back_to(name: str) -> dict[str, str]:
    return {"answer": "too_hard", "does": "step_back", "to": name, "label": ""}


@pytest.mark.parametrize(
    ("steps", "place", "why"),
    [
        pytest.param(
            [step(), step()], (1, "wait", "count"), "two mails at once", id="a wait of nothing"
        ),
        pytest.param(
            [step(wait={"count": 6, "unit": "weeks", "after": "date", "date_name": "birth"})],
            (0, "wait", "date_name"),
            "nobody is asked",
            id="a date that nobody is asked for",
        ),
        pytest.param(
            [step(checkin(answers=answers(back_to("last")))), step(name="last", wait_days=7)],
            (0, "body", 0, "answers", 1, "to"),
            "a later one",
            id="a step back that leads ahead",
        ),
        pytest.param(
            [step(text(), checkin(answers=answers(back_to("nowhere"))))],
            (0, "body", 1, "answers", 1, "to"),
            "no step has this name",
            id="a step back to nowhere",
        ),
        pytest.param(
            [step(load_bearing=True)], (0, "load_bearing"), "check-in", id="nothing to answer"
        ),
        pytest.param(
            [step(checkin(silence="advance"), load_bearing=True)],
            (0, "body", 0, "silence"),
            "silence never",
            id="silence on a load-bearing step",
        ),
        pytest.param(
            [step(name="Week 1"), step(name=" week  1", wait_days=7)],
            (1, "name"),
            "has this name",
            id="a name twice",
        ),
    ],
)
def test_what_no_programme_could_follow_is_told_at_its_place(
    steps: list[dict[str, Any]], place: tuple[Any, ...], why: str
) -> None:
    with pytest.raises(CannotCompile, match=why) as caught:
        published_sequence(steps=steps)

    assert caught.value.faults[0].place == place
