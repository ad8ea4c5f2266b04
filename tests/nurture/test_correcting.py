"""A correction goes to everybody who got what was wrong, once, after a person has confirmed it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from wagtail.models import ModelLogEntry

from nurture import due, privacy, story
from nurture.authoring import correcting
from nurture.domain.states import MessageKind
from nurture.mail import compose
from nurture.models import Correction, Message, Sequence, StepVersion, Suppression
from nurture.models.suppression import address_hash
from tests.cast import ANNA, BEN, CLARA, Person
from tests.cms import clinic
from tests.factories import callout, card, exercise_page, published_sequence, step, text
from tests.nurture.steps import enrolled

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
WORDS = "Hello {{first_name}},\n\nplease do ten lifts, not thirty.\n\nCall us if it hurts."


@pytest.fixture
def chief() -> Any:
    user = clinic.user("chief")
    user.is_superuser = True
    user.save()
    return user


@pytest.fixture
def desk(chief: Any) -> Client:
    client = Client()
    client.force_login(chief)
    return client


def sent_to(*people: Person) -> StepVersion:
    """A mail that these people got."""
    sequence = published_sequence(steps=[step(text("<p>Thirty lifts.</p>"), name="week 1")])
    for person in people:
        enrolled(person.joins(), sequence, now=NOW)
    due.claim(NOW)
    Message.objects.update(state="accepted", closed_at=NOW)
    return sequence.compiled_steps.get().versions.get()


def written(version: StepVersion, **other: Any) -> Correction:
    row = correcting.prepare(version)
    for name, value in {"text": WORDS, **other}.items():
        setattr(row, name, value)
    row.save()
    return row


def send(row: Correction, people: int, by: Any = None) -> int:
    return correcting.send(row.pk, confirmed=people, by=by, now=NOW)


def corrections() -> list[str]:
    rows = Message.objects.filter(kind=MessageKind.CORRECTION)
    return sorted(rows.values_list("address", flat=True))


# ------------------------------------------------------------------ whom it reaches


def test_everybody_who_got_the_version_gets_the_correction() -> None:
    row = written(sent_to(ANNA, BEN))
    enrolled(CLARA.joins(), row.version.step.sequence, now=NOW)  # has got nothing yet

    assert send(row, 2) == 2
    assert corrections() == [ANNA.address, BEN.address]


def test_sent_twice_is_sent_once() -> None:
    row = written(sent_to(ANNA, BEN))

    assert [send(row, 2), send(row, 2)] == [2, 0]
    assert len(corrections()) == 2


def test_a_second_correction_of_the_same_mail_goes_to_all_again() -> None:
    version = sent_to(ANNA)
    send(written(version), 1)

    send(written(version, subject="One more word"), 1)

    assert corrections() == [ANNA.address] * 2


@pytest.mark.parametrize("number", [0, 1, 3, -1])
def test_another_number_than_it_reaches_sends_nothing(number: int) -> None:
    row = written(sent_to(ANNA, BEN))

    with pytest.raises(correcting.Changed) as told:
        send(row, number)

    assert told.value.people == 2
    assert not corrections()


@pytest.mark.parametrize("reason", ["unsubscribed", "bounce", "complaint", "ban"])
def test_who_must_not_get_mail_is_for_the_practice_to_call(reason: str) -> None:
    row = written(sent_to(ANNA, BEN))
    Suppression.objects.create(address_hash=address_hash(ANNA.address), reason=reason)

    reach = correcting.reach(row)
    send(row, 1)

    assert [person.address for person in reach.beyond] == [ANNA.address]
    assert corrections() == [BEN.address]


def test_who_was_erased_is_not_there_to_be_told() -> None:
    row = written(sent_to(ANNA, BEN))
    anna = Message.objects.get(address=ANNA.address).subscriber

    privacy.erase(anna.public_id, now=NOW)

    assert send(row, 1) == 1
    assert corrections() == [BEN.address]


def test_an_erasure_takes_a_correction_along() -> None:
    row = written(sent_to(ANNA))
    send(row, 1)
    erased = privacy.erase(Message.objects.all()[0].subscriber.public_id, now=NOW)

    assert erased.is_complete
    assert not Message.objects.exists()
    assert Correction.objects.get().people == 1


def test_by_exercise_it_goes_to_all_who_got_that_revision_of_it() -> None:
    page = exercise_page()
    sequences = [
        published_sequence(steps=[step(card(page), callout(), name="week 1")]) for _one in range(2)
    ]
    for person, sequence in zip((ANNA, BEN), sequences, strict=True):
        enrolled(person.joins(), sequence, now=NOW)
    due.claim(NOW)
    Message.objects.update(state="accepted", closed_at=NOW)
    version = sequences[0].compiled_steps.get().versions.get()

    row = correcting.prepare(version, page=str(page.pk))

    assert len(correcting.reach(row).people) == 2
    assert len(correcting.reach(correcting.prepare(version)).people) == 1


# ------------------------------------------------------------------ what it says


def test_the_inbox_sees_no_word_of_the_body() -> None:
    row = written(sent_to(ANNA), text="Your pelvis hurts.")
    _subject, _text, html = correcting.look(row)

    hidden, _mark, visible = html.partition("<h1")
    assert "pelvis" in visible
    assert "pelvis" not in hidden
    assert hidden.count("&#847;") == 90


def test_values_are_text_and_never_markup() -> None:
    row = written(sent_to(ANNA), text="Hello {{first_name}}, <b>stop</b>.")

    _subject, plain, html = correcting.look(row, first_name="<script>")

    assert "<script>" in plain
    assert "&lt;script&gt;" in html
    assert "&lt;b&gt;stop&lt;/b&gt;" in html


def test_it_speaks_the_language_of_the_mail_that_it_is_about() -> None:
    row = written(sent_to(ANNA))
    send(row, 1)
    message = Message.objects.get(kind="correction")
    message.subscriber.language = "es"

    assert "You get this because" in compose.envelope(message).content.decode()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"subject": "About your pelvis"}, "the subject tells the diagnosis: pelvis"),
        ({"subject": " "}, "this must not be empty"),
        ({"text": " "}, "this must not be empty"),
        ({"text": "Hello {{surname}}"}, "is not a field"),
        ({"text": "[What was wrong]"}, "replace the words in brackets"),
    ],
)
def test_what_must_not_go_out_is_told_and_keeps_it_back(words: dict[str, str], told: str) -> None:
    row = written(sent_to(ANNA), **words)

    assert told in correcting.faults(row)[0].text
    with pytest.raises(correcting.NotReady):
        send(row, 1)
    assert not corrections()


def test_the_prepared_text_cannot_go_out_as_it_is() -> None:
    row = correcting.prepare(sent_to(ANNA))

    with pytest.raises(correcting.NotReady):
        send(row, 1)


# ------------------------------------------------------------------ in the admin


def place(sequence: Sequence, row: Correction) -> str:
    return reverse("sequence_correction", args=[sequence.pk, row.public_id])


def test_staff_write_look_confirm_and_send(desk: Client, chief: Any) -> None:
    version = sent_to(ANNA, BEN)
    sequence = version.step.sequence
    begun = desk.post(
        reverse("sequence_correction_new", args=[sequence.pk]), {"version": version.pk, "page": ""}
    )
    row = Correction.objects.get()

    first = desk.get(begun["Location"]).content.decode()
    desk.post(begun["Location"], {"subject": row.subject, "text": WORDS, "action": "save"})
    looked = desk.get(begun["Location"]).content.decode()
    wrong = desk.post(begun["Location"], {"people": "7", "action": "send"}, follow=True)
    sent = desk.post(begun["Location"], {"people": "2", "action": "send"}, follow=True)

    assert begun["Location"] == place(sequence, row)
    assert "replace the words in brackets" in first
    assert "Hello Kim," in looked
    assert "&lt;h1 style=&quot;" in looked  # the mail stands whole in the frame
    assert "It reaches 2 people who got it." in looked
    assert "it would reach 2 people" in wrong.content.decode()
    assert "On its way to 2 people." in sent.content.decode()
    assert len(corrections()) == 2
    assert Correction.objects.get().sent_by == chief


def test_the_click_is_written_down_and_shows_in_the_history(desk: Client, chief: Any) -> None:
    row = written(sent_to(ANNA))
    sequence = row.version.step.sequence

    send(row, 1, by=chief)

    entry = ModelLogEntry.objects.get(action=correcting.LOGGED)
    history = desk.get(reverse("wagtailsnippets_nurture_sequence:history", args=[sequence.pk]))
    versions = desk.get(reverse("sequence_versions", args=[sequence.pk])).content.decode()
    assert (entry.user, entry.data["people"]) == (chief, 1)
    assert "A correction of version 1 of week 1 went to 1 people" in history.content.decode()
    assert "A correction to an e-mail from us" in versions


def test_a_test_of_it_is_marked_and_counted_nowhere(desk: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    row = written(sent_to(ANNA))

    desk.post(place(row.version.step.sequence, row), {"to": "me@example.org", "action": "test"})

    assert mail.outbox[0].subject == "[Test] A correction to an e-mail from us"
    assert not corrections()


def test_what_was_sent_cannot_be_changed(desk: Client) -> None:
    row = written(sent_to(ANNA))
    send(row, 1)

    answer = desk.post(
        place(row.version.step.sequence, row),
        {"subject": "Other", "text": "Other", "action": "save"},
        follow=True,
    )

    assert "It was sent already." in answer.content.decode()
    assert Correction.objects.get().text == WORDS


def test_correcting_needs_the_permission_to_see_who_received_what() -> None:
    row = written(sent_to(ANNA))
    client = Client()
    client.force_login(clinic.user("writer", "Editors"))

    answers = [
        client.post(place(row.version.step.sequence, row), {"people": "1", "action": "send"}),
        client.post(
            reverse("sequence_correction_new", args=[row.version.step.sequence_id]),
            {"version": row.version_id},
        ),
    ]

    assert {answer.status_code for answer in answers} <= {302, 403}
    assert not corrections()


def test_the_story_of_a_person_tells_of_it() -> None:
    send(written(sent_to(ANNA)), 1)

    told = story.story(ANNA.address)["messages"]

    assert {"A correction to an e-mail from us"} <= {line["subject"] for line in told}
    assert "correction" in {line["kind"] for line in told}
