"""The page behind an answer in a mail: it asks once more, and then it helps."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from nurture.domain.states import EnrolmentState, MessageState
from nurture.mail import links
from nurture.models import CheckIn, Enrolment, Message
from tests.cast import ANNA, BEN
from tests.factories import checkin, published_sequence, step, text
from tests.nurture.steps import planned

pytestmark = pytest.mark.django_db

TOO_EASY, ABOUT_RIGHT, TOO_HARD, HURTS_MORE, WARNING_SIGN = range(1, 6)


@pytest.fixture
def message() -> Message:
    """Anna's mail of the week, sent."""
    sequence = published_sequence(
        steps=[step(text(), checkin()), step(text(), checkin(), wait_days=7)]
    )
    found = planned(ANNA.joins(), sequence)
    Message.objects.filter(pk=found.pk).update(state=MessageState.ACCEPTED)
    Enrolment.objects.update(anchored_at=timezone.now())
    return Message.objects.select_related("subscriber").get(pk=found.pk)


def path(message: Message, number: int) -> str:
    return links.check_in(message, number).removeprefix("http://localhost:8000")


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("number", [ABOUT_RIGHT, WARNING_SIGN])
def test_looking_answers_nothing(
    client: Client, message: Message, method: str, number: int
) -> None:
    response = getattr(client, method)(path(message, number))

    assert response.status_code == 200
    assert not CheckIn.objects.exists()
    assert Enrolment.objects.get().state == EnrolmentState.ACTIVE


def test_the_tapped_answer_stands_ready_and_the_others_are_near(
    client: Client, message: Message
) -> None:
    page = client.get(path(message, TOO_HARD)).content.decode()

    assert page.count("<button") == 1
    assert '<p class="figure">Too hard</p>' in page
    for number in (TOO_EASY, ABOUT_RIGHT, HURTS_MORE, WARNING_SIGN):
        assert path(message, number) in page


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (ABOUT_RIGHT, "Your next e-mail comes around"),
        (TOO_HARD, "Then we take it again"),
        (HURTS_MORE, "Your programme waits"),
        (WARNING_SIGN, "Call emergency services now"),
    ],
)
def test_pressing_answers_and_says_what_happens_now(
    client: Client, message: Message, number: int, words: str
) -> None:
    response = client.post(path(message, number))

    page = response.content.decode()
    assert response.status_code == 200
    assert words in page
    assert "911" in page
    assert CheckIn.objects.get().source == "link"


def test_nobody_is_promised_a_call(client: Client, message: Message) -> None:
    page = client.post(path(message, WARNING_SIGN)).content.decode()

    assert "please do not wait for a call" in page
    assert "we will call" not in page.lower()


def test_an_answer_needs_no_cookie_and_sets_none(message: Message) -> None:
    response = Client(enforce_csrf_checks=True).post(path(message, ABOUT_RIGHT))

    assert response.status_code == 200
    assert not response.cookies


def test_a_link_answers_for_nobody_else(client: Client, message: Message) -> None:
    other = planned(BEN.joins(), published_sequence(steps=[step(text(), checkin())]))

    client.post(path(message, TOO_HARD), {"message": other.public_id, "answer": WARNING_SIGN})

    assert CheckIn.objects.get().message == message
    assert CheckIn.objects.get().answer == "too_hard"


def test_revoked_links_answer_nothing(client: Client, message: Message) -> None:
    old = path(message, TOO_HARD)
    message.subscriber.link_generation += 1
    message.subscriber.save()

    response = client.post(old)

    assert response.status_code == 404
    assert not CheckIn.objects.exists()


def test_an_answer_a_month_later_is_too_old(client: Client, message: Message) -> None:
    message.planned_for -= timedelta(days=31)

    response = client.post(path(message, TOO_HARD))

    assert response.status_code == 410
    assert not CheckIn.objects.exists()


def test_a_mail_that_asked_nothing_has_no_such_page(client: Client) -> None:
    quiet = planned(ANNA.joins(), published_sequence(steps=1))

    assert client.get(path(quiet, ABOUT_RIGHT)).status_code == 404
    assert client.get(path(quiet, 200)).status_code == 404


def test_an_erased_person_has_no_such_page(client: Client, message: Message) -> None:
    url = path(message, TOO_HARD)
    message.subscriber.delete()

    assert client.post(url).status_code == 404


def test_the_page_is_about_the_answer_and_not_about_the_illness(
    client: Client, message: Message
) -> None:
    for response in (client.get(path(message, TOO_HARD)), client.post(path(message, TOO_HARD))):
        page = response.content.decode()
        assert "dysfunction" not in page
        assert ANNA.address not in page
        assert response["Referrer-Policy"] == "no-referrer"


def test_the_mail_after_the_answer_is_the_same_week(client: Client, message: Message) -> None:
    client.post(path(message, TOO_HARD))

    row = Enrolment.objects.get()
    assert message.step_version is not None
    assert row.next_step == message.step_version.step
