"""Approving a sequence in the admin, also with a finger that presses twice."""

from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from cms.models import ClinicianIndexPage, ClinicianPage
from nurture.models import Sequence, SequenceApproval
from tests.cms import clinic
from tests.factories import callout, home_page, published_sequence, step, text
from tests.nurture.editing import form_data

APPROVE = {"action-workflow-action": "true", "workflow-action-name": "approve"}


def signed_in(client: Client) -> Client:
    """As Mara, a clinician who also writes."""
    index = home_page().add_child(instance=ClinicianIndexPage(title="Our team", slug="team"))
    account = clinic.user("mara", "Editors")
    index.add_child(instance=ClinicianPage(title="Mara", credentials="DPT", account=account))
    client.force_login(account)
    return client


@pytest.fixture
def mara(db: None, client: Client) -> Client:
    return signed_in(client)


def submitted() -> Sequence:
    sequence = published_sequence(steps=[step(text(), callout(), name="week 1")])
    clinic.edit(sequence, goal="Climb the stairs.")
    clinic.submit(sequence)
    return sequence


def by_form(sequence: Sequence) -> tuple[str, dict[str, Any]]:
    draft = Sequence.objects.get(pk=sequence.pk).get_latest_revision_as_object()
    path = reverse("wagtailsnippets_nurture_sequence:edit", args=[sequence.pk])
    return path, {**form_data(draft), **APPROVE}


def by_button(sequence: Sequence) -> tuple[str, dict[str, Any]]:
    state = Sequence.objects.get(pk=sequence.pk).current_workflow_task_state
    action = ["approve", state.pk]
    path = reverse("wagtailsnippets_nurture_sequence:workflow_action", args=[sequence.pk, *action])
    return path, {}


@pytest.mark.parametrize("press", [by_form, by_button])
def test_pressing_once_more_changes_nothing(mara: Client, press: Any) -> None:
    sequence = submitted()
    path, data = press(sequence)

    answers = [mara.post(path, data) for _press in range(2)]

    sequence.refresh_from_db()
    assert [answer.status_code for answer in answers] == [302, 302]
    assert (SequenceApproval.objects.count(), sequence.plan_number) == (1, 2)


@pytest.mark.parametrize("press", [by_form, by_button])
def test_two_clicks_at_the_same_moment_approve_once(
    committed: None, client: Client, press: Any
) -> None:
    mara = signed_in(client)
    sequence = submitted()
    path, data = press(sequence)
    together, statuses = Barrier(2), list[int]()

    def click(cookies: Any) -> None:
        own = Client()
        own.cookies = cookies
        together.wait()
        try:
            statuses.append(own.post(path, data).status_code)
        finally:
            connection.close()

    clicks = [Thread(target=click, args=[mara.cookies]) for _click in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()

    sequence.refresh_from_db()
    assert statuses == [302, 302]
    assert (SequenceApproval.objects.count(), sequence.plan_number) == (1, 2)


def test_who_comes_after_the_decision_is_told(mara: Client, monkeypatch: Any) -> None:
    """The first click is through while the form of the second is looked at."""
    sequence = submitted()
    path, data = by_form(sequence)
    state = Sequence.objects.get(pk=sequence.pk).current_workflow_task_state
    save = Sequence.save_revision

    def slow(draft: Sequence, **options: Any) -> Any:
        state.task.specific.on_action(state, mara_herself(), "approve")
        return save(draft, **options)

    monkeypatch.setattr(Sequence, "save_revision", slow)
    answer = mara.post(path, {**data, "goal": "Run."}, follow=True)

    assert "decided a moment ago" in answer.content.decode()
    assert SequenceApproval.objects.count() == 1


def mara_herself() -> Any:
    return ClinicianPage.objects.get().account
