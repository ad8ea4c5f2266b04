"""The views beside the editor: what they tell, and to whom."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from nurture import due
from nurture.models import Message, Sequence
from tests.cast import ANNA, BEN
from tests.cms import clinic
from tests.factories import (
    callout,
    card,
    checkin,
    exercise_page,
    published_sequence,
    raw_steps,
    step,
    text,
    waiting,
)
from tests.nurture.steps import enrolled

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def editor() -> Client:
    user = clinic.user("chief")
    user.is_superuser = True
    user.save()
    client = Client()
    client.force_login(user)
    return client


def get(client: Client, name: str, sequence: Sequence, **query: Any) -> str:
    answer = client.get(reverse(name, args=[sequence.pk]), query)
    assert answer.status_code == 200
    return answer.content.decode()


def asking() -> Sequence:
    first = step(text(), checkin(), name="week 1")
    return published_sequence(steps=[first, step(name="week 2", wait_days=7)])


@pytest.mark.parametrize(
    "name",
    ["sequence_timeline", "sequence_effect", "sequence_calendar", "sequence_versions"],
)
def test_each_view_is_for_editors_only(editor: Client, name: str) -> None:
    sequence = asking()
    visitor = Client()
    visitor.force_login(clinic.user("visitor"))

    ours = editor.get(reverse(name, args=[sequence.pk]))
    theirs = visitor.get(reverse(name, args=[sequence.pk]))

    assert ours.status_code == 200
    assert theirs.status_code in {302, 403}


# ------------------------------------------------------------------ timeline

PLAY = {
    "start": "2027-03-01",
    "hour_of_start": "10",
    "time_zone": "Europe/Berlin",
    "language": "en-us",
}


def test_the_timeline_gives_each_mail_its_local_date_and_the_reason(editor: Client) -> None:
    sequence = published_sequence(steps=2, wait_days=7)

    page = get(editor, "sequence_timeline", sequence, **PLAY)

    assert "Mon 1 Mar 2027, 10:00" in page
    assert "Mon 8 Mar 2027, 00:00" in page
    assert "after the mail before it" in page
    assert "<svg" in page
    assert "The programme is finished." in page


def test_the_timeline_plays_with_answers_and_with_silence(editor: Client) -> None:
    sequence = asking()
    key = sequence.compiled_steps.get(name="week 1").key

    hard = get(editor, "sequence_timeline", sequence, **PLAY, **{f"answer_{key}": "too_hard"})
    silent = get(editor, "sequence_timeline", sequence, **PLAY)
    warning = get(
        editor, "sequence_timeline", sequence, **PLAY, **{f"answer_{key}": "warning_sign"}
    )

    assert "time 3" in hard
    assert "time 2" in silent
    assert "time 3" not in silent
    assert "waits, and the clinic is told" in hard
    assert "with the safety text" in warning
    assert "week 2" not in warning.partition("<tbody>")[2]


def test_a_draft_that_no_programme_could_follow_says_why(editor: Client) -> None:
    sequence = asking()
    draft = Sequence.objects.get(pk=sequence.pk).get_latest_revision_as_object()
    steps = raw_steps(sequence)
    steps[1]["value"]["wait"] = waiting(0)
    draft.steps = steps
    draft.save_revision()

    page = get(editor, "sequence_timeline", sequence)

    assert "two mails at once" in page


# ------------------------------------------------------------------ the effect of an edit


def drafted(sequence: Sequence, steps: list[dict[str, Any]]) -> None:
    draft = Sequence.objects.get(pk=sequence.pk).get_latest_revision_as_object()
    draft.steps = steps
    draft.save_revision()


def test_the_effect_is_told_in_counts_before_publishing(editor: Client) -> None:
    sequence = published_sequence(steps=3, wait_days=7)
    for person in (ANNA, BEN):
        enrolled(person.joins(), sequence, now=NOW)
    due.claim(NOW)
    first, second, _third = raw_steps(sequence)
    new = step(name="new one", wait_days=2)
    drafted(sequence, [first, new, {**second, "value": {**second["value"], "wait": waiting(3)}}])

    page = get(editor, "sequence_effect", sequence)

    rows = [row.split("</tr>")[0] for row in page.partition("<tbody>")[2].split("<tr")[1:4]]
    numbers = [[part.split("<")[0] for part in row.split('class="number">')[1:]] for row in rows]
    assert "2 people are underway." in page
    assert [row[:3] for row in numbers] == [["0", "0", "2"], ["0", "2", "0"], ["2", "0", "0"]]
    assert "another wait" in rows[2]
    assert "removed: they move on" in page
    assert Sequence.objects.get().plan_number == sequence.plan_number


# ------------------------------------------------------------------ calendar, tests, recall


def test_the_calendar_counts_what_is_planned_and_what_is_likely(editor: Client) -> None:
    sequence = published_sequence(steps=3, wait_days=7)
    enrolled(ANNA.joins(), sequence)

    page = get(editor, "sequence_calendar", sequence)

    numbers = [part.split("<")[0] for part in page.split('class="number">')[1:]]
    assert numbers.count("1") == 3


def test_a_test_is_marked_and_counted_nowhere(editor: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    sequence = asking()

    editor.post(reverse("sequence_test", args=[sequence.pk]), {"to": "me@example.org", "step": "1"})

    sent = mail.outbox[0]
    assert sent.subject.startswith("[Test] ")
    assert sent.extra_headers["X-Rehabit-Test"] == "yes"
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "to", ["", ",".join(f"p{n}@example.org" for n in range(11)), "me", "a@example.org\nBcc: b@c.de"]
)
def test_a_test_goes_to_a_few_addresses_only(editor: Client, settings: Settings, to: str) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    editor.post(reverse("sequence_test", args=[asking().pk]), {"to": to, "step": "1"})

    assert not mail.outbox


def test_a_mail_server_that_is_away_is_told(editor: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    path = reverse("sequence_test", args=[asking().pk])

    answer = editor.post(path, {"to": "me@example.org", "step": "1"}, follow=True)

    assert "does not take it now" in answer.content.decode()


def test_who_got_a_version_can_be_called_back_with_a_mail_prepared(editor: Client) -> None:
    page = exercise_page()
    sequence = published_sequence(steps=[step(card(page), callout(), name="week 1")])
    anna = ANNA.joins()
    enrolled(anna, sequence, now=NOW)
    enrolled(BEN.joins(), sequence, now=NOW)
    due.claim(NOW)
    Message.objects.filter(subscriber=anna).update(state="accepted", closed_at=NOW)
    version = sequence.compiled_steps.get().versions.get()

    listed = get(editor, "sequence_recall", sequence, version=version.pk)
    by_exercise = get(editor, "sequence_recall", sequence, version=version.pk, page=page.pk)

    for told in (listed, by_exercise):
        assert "1 person got this" in told
        assert str(anna.public_id) in told
        assert "Write a mail to put it right" in told
        assert anna.address not in told


def test_the_versions_say_what_changed(editor: Client) -> None:
    sequence = published_sequence(steps=[step(text("<p>Old words.</p>"), name="week 1")])
    one = raw_steps(sequence)[0]
    one["value"]["body"] = [text("<p>New words.</p>")]
    drafted(sequence, [one])
    Sequence.objects.get().latest_revision.publish()

    page = get(editor, "sequence_versions", sequence)

    assert "-Old words." in page
    assert "+New words." in page


def test_recalling_needs_a_permission_of_its_own() -> None:
    sequence = asking()
    user = clinic.user("writer", "Editors")
    client = Client()
    client.force_login(user)

    answer = client.get(reverse("sequence_recall", args=[sequence.pk]), {"version": 1})

    assert answer.status_code in {302, 403}


# ------------------------------------------------------------------ hints and preview


def test_hints_come_with_their_place_in_the_form(editor: Client) -> None:
    sequence = asking()
    first, second = raw_steps(sequence)
    first["value"]["subject"] = "Free miracle!!"
    second["value"]["subject"] = "Your pelvis"
    drafted(sequence, [first, second])

    found = json.loads(get(editor, "sequence_hints", sequence))["faults"]

    places = {(fault["weight"], *fault["path"]) for fault in found}
    assert ("hint", first["id"], "subject") in places
    assert ("error", second["id"], "subject") in places


@pytest.mark.parametrize("view", ["phone", "desktop", "dark", "images_off", "text", "headers"])
def test_the_preview_shows_the_chosen_step_and_view(view: str) -> None:
    sequence = asking()
    draft = Sequence.objects.get(pk=sequence.pk)

    page = draft.make_preview_request(
        request_with({"step": "2", "view": view, "who": "nameless"}), "", {}
    )

    words = page.content.decode()
    assert page.status_code == 200
    assert "2. week 2" in words
    assert "mail_preview" in page.cookies
    assert "{{" not in words


def request_with(query: dict[str, str]) -> Any:
    return RequestFactory().get("/admin/", query)


@pytest.mark.parametrize("step_number", ["0", "99", "x", "-1", "１"])
def test_odd_choices_show_the_first_mail(step_number: str) -> None:
    draft = Sequence.objects.get(pk=asking().pk)

    page = draft.make_preview_request(request_with({"step": step_number, "view": "x"}), "", {})

    assert page.status_code == 200
    assert 'value="1" selected' in page.content.decode()


def test_the_next_thirty_days_begin_today(editor: Client) -> None:
    page = get(editor, "sequence_calendar", asking())

    assert page.count("<tr>") >= 31
