"""What a visitor sees and presses. Links are opened by scanners too, so looking changes nothing."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError
from pytest_django import Settings

from nurture import sending, tasks
from nurture.domain.states import TRANSACTIONAL, ConsentAction, EnrolmentState
from nurture.mail import links
from nurture.mail.links import Purpose
from nurture.models import Consent, Enrolment, Message, Sequence, Subscriber, Suppression
from tests import smtp
from tests.cast import ANNA, BEN
from tests.factories import published_sequence
from tests.nurture.steps import asks, enrolled

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
ALTERED = 20  # a place in the token


@pytest.fixture
def sequence() -> Sequence:
    return published_sequence(steps=1)


@pytest.fixture
def filled(sequence: Sequence) -> dict[str, str]:
    """The signup form as Anna fills it in."""
    return {
        "address": ANNA.address,
        "first_name": ANNA.first_name,
        "programme": sequence.translation_key.hex,
        "time_zone": ANNA.time_zone,
        "consent": "on",
        "website": "",
    }


@pytest.fixture
def confirm_path(sequence: Sequence) -> str:
    """The link in the question that Anna got."""
    asks(ANNA, sequence)
    request = Consent.objects.get()
    expires = request.created_at + 7 * DAY
    return path(links.make(Purpose.CONFIRM, request.public_id, expires=expires))


@pytest.fixture
def leave_path(sequence: Sequence) -> str:
    """The link in every mail to Ben, who is in the programme."""
    ben = BEN.joins()
    enrolled(ben, sequence)
    return path(links.make(Purpose.UNSUBSCRIBE, ben.public_id))


def path(url: str) -> str:
    return url.removeprefix("http://localhost:8000")


def stored() -> tuple[object, ...]:
    """All that a visit could change."""
    kinds = (Subscriber, Consent, Enrolment, Message, Suppression)
    return tuple(sorted(str(row) for row in kind.objects.values()) for kind in kinds)


def words(response: HttpResponse) -> str:
    """The page without what differs in each answer."""
    return re.sub(r'value="\w{64}"', "", response.content.decode())


# ------------------------------------------------------------------ signing up


def test_the_form_says_what_is_on_offer_and_what_is_agreed_to(
    client: Client, sequence: Sequence
) -> None:
    response = client.get("/signup/")

    page = response.content.decode()
    assert response.status_code == 200
    assert sequence.title in page
    assert "I agree to receive e-mails" in page
    assert 'name="consent"' in page
    assert not re.search(r'name="consent"[^>]*checked', page)


def test_a_valid_form_plans_a_question_and_says_look_into_your_mail(
    client: Client, filled: dict[str, str]
) -> None:
    response = client.post("/signup/", filled)

    subscriber = Subscriber.objects.get()
    assert (response.status_code, response["Location"]) == (302, "/signup/done/")
    assert (subscriber.address, subscriber.first_name) == (ANNA.address, ANNA.first_name)
    assert subscriber.time_zone == ANNA.time_zone
    assert Message.objects.get().address == ANNA.address
    assert client.get(response["Location"]).status_code == 200


@pytest.mark.parametrize(
    ("field", "value", "advice"),
    [
        ("address", "", "Enter your e-mail address"),
        ("address", "anna", "@-sign"),
        ("address", "a@example.org, b@example.org", "address"),
        ("address", "a@example.org\r\nBcc: b@example.org", "address"),
        ("address", "a" * 250 + "@example.org", "at most"),
        ("programme", "", "Choose the programme"),
        ("programme", "nonsense", "not on offer"),
        ("consent", "", "Tick the box"),
        ("first_name", "Anna\r\nBcc: eve@example.org", "no line breaks"),
        ("first_name", "see https://evil.example", "not an address"),
        ("first_name", "N" * 81, "at most 80"),
        ("time_zone", "Mars/Olympus", "Choose a time zone"),
        ("time_zone", "EST", "Choose a time zone"),
    ],
)
def test_a_form_with_a_mistake_says_what_to_do_and_stores_nothing(
    client: Client, filled: dict[str, str], field: str, value: str, advice: str
) -> None:
    response = client.post("/signup/", {**filled, field: value})

    assert response.status_code == 422
    assert advice in response.content.decode()
    assert not Subscriber.objects.exists()
    assert not Message.objects.exists()


def test_a_programme_that_is_no_longer_live_is_not_on_offer(
    client: Client, filled: dict[str, str], sequence: Sequence
) -> None:
    sequence.unpublish()

    response = client.post("/signup/", filled)

    assert response.status_code == 422
    assert not Subscriber.objects.exists()


def test_a_program_that_fills_every_field_is_thanked_and_forgotten(
    client: Client, filled: dict[str, str]
) -> None:
    response = client.post("/signup/", {**filled, "website": "https://spam.example"})

    assert (response.status_code, response["Location"]) == (302, "/signup/done/")
    assert not Subscriber.objects.exists()


def asked_before(address: str, sequence: Sequence) -> None:
    asks(ANNA, sequence)


def in_the_programme(address: str, sequence: Sequence) -> None:
    enrolled(ANNA.joins(), sequence)


def left_long_ago(address: str, sequence: Sequence) -> None:
    ANNA.joins(consent=ConsentAction.WITHDRAWN)


@pytest.mark.parametrize("history", [asked_before, in_the_programme, left_long_ago])
def test_the_answer_does_not_say_who_is_known_here(
    filled: dict[str, str], sequence: Sequence, history: Callable[[str, Sequence], None]
) -> None:
    history(ANNA.address, sequence)

    known = Client().post("/signup/", filled)
    unknown = Client().post("/signup/", {**filled, "address": "nobody@example.org"})

    assert known.status_code == unknown.status_code
    assert known.content == unknown.content
    assert known.headers.keys() == unknown.headers.keys()
    assert known["Location"] == unknown["Location"]
    assert known.cookies.keys() == unknown.cookies.keys()


def test_another_site_cannot_sign_people_up(filled: dict[str, str]) -> None:
    strict = Client(enforce_csrf_checks=True)

    response = strict.post("/signup/", filled, headers={"origin": "https://evil.example"})

    assert response.status_code == 403
    assert not Subscriber.objects.exists()


def test_a_field_that_nobody_offered_changes_nothing(
    client: Client, filled: dict[str, str]
) -> None:
    client.post("/signup/", {**filled, "state": "active", "consent_at": "2026-01-01"})

    assert Subscriber.objects.get().consent == ConsentAction.REQUESTED
    assert not Enrolment.objects.exists()


def test_a_host_header_has_no_say_in_links(
    client: Client, filled: dict[str, str], relay: smtp.Relay, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]

    client.post("/signup/", filled, headers={"host": "evil.example"})

    sending.send_claimed(TRANSACTIONAL)
    (mail,) = relay.mails
    assert b"http://localhost:8000/c/" in mail.content.replace(b"=\r\n", b"")
    assert b"evil.example" not in mail.content


# ------------------------------------------------------------------ looking changes nothing


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_the_question_answers_nothing(
    client: Client, confirm_path: str, method: str
) -> None:
    before = stored()

    response = getattr(client, method)(confirm_path)

    assert response.status_code == 200
    assert stored() == before


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_the_way_out_takes_nobody_out(
    client: Client, leave_path: str, method: str
) -> None:
    before = stored()

    response = getattr(client, method)(leave_path)

    assert response.status_code == 200
    assert stored() == before


@pytest.mark.parametrize("method", ["put", "delete", "patch", "options"])
def test_other_methods_are_refused(client: Client, leave_path: str, method: str) -> None:
    before = stored()

    response = getattr(client, method)(leave_path)

    assert response.status_code == 405
    assert stored() == before


# ------------------------------------------------------------------ pressing does it


def test_pressing_yes_starts_the_programme(client: Client, confirm_path: str) -> None:
    response = client.post(confirm_path)

    assert response.status_code == 200
    assert "Steady weeks" in response.content.decode()
    assert Subscriber.objects.get().consent == ConsentAction.GIVEN
    assert Enrolment.objects.get().state == EnrolmentState.ACTIVE


def test_pressing_yes_twice_is_answered_twice_and_counts_once(
    client: Client, confirm_path: str
) -> None:
    client.post(confirm_path)

    response = client.post(confirm_path)

    assert response.status_code == 200
    assert Enrolment.objects.count() == 1


def test_an_old_yes_after_leaving_is_gone(client: Client, confirm_path: str) -> None:
    client.post(confirm_path)
    anna = Subscriber.objects.get()
    client.post(path(links.make(Purpose.UNSUBSCRIBE, anna.public_id)))

    response = client.post(confirm_path)

    anna.refresh_from_db()
    assert response.status_code == 404
    assert anna.consent == ConsentAction.WITHDRAWN


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_click_leaves_without_cookies_and_without_a_redirect(
    leave_path: str, kind: str
) -> None:
    client = Client(enforce_csrf_checks=True)
    multipart = '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click'
    bodies = {
        "application/x-www-form-urlencoded": "List-Unsubscribe=One-Click",
        "multipart/form-data": f"{multipart}\r\n--x--\r\n",
    }
    boundary = "; boundary=x" if kind.startswith("multipart") else ""

    response = client.post(leave_path, bodies[kind], content_type=kind + boundary)

    assert response.status_code == 200
    assert not response.cookies
    assert Subscriber.objects.get().consent == ConsentAction.WITHDRAWN
    assert Enrolment.objects.get().state == EnrolmentState.STOPPED


def test_the_link_decides_who_leaves_and_not_the_body(client: Client, leave_path: str) -> None:
    anna = ANNA.joins()
    other = links.make(Purpose.UNSUBSCRIBE, anna.public_id).rsplit("/", 2)[1]

    client.post(leave_path, {"token": other, "email": ANNA.address})

    anna.refresh_from_db()
    assert anna.consent == ConsentAction.GIVEN
    assert Subscriber.objects.get(address=BEN.address).consent == ConsentAction.WITHDRAWN


def test_leaving_twice_is_answered_twice(client: Client, leave_path: str) -> None:
    client.post(leave_path)

    response = client.post(leave_path)

    assert response.status_code == 200
    assert Suppression.objects.count() == 1


# ------------------------------------------------------------------ links that are not ours


def altered(url: str) -> str:
    letter = "A" if url[ALTERED] != "A" else "B"
    return url[:ALTERED] + letter + url[ALTERED + 1 :]


FORGERIES: dict[str, Callable[[str], str]] = {
    "one letter changed": altered,
    "signature cut off": lambda url: f"{url[:44]}/",
    "longer": lambda url: f"{url[:-1]}AAAA/",
    "empty but for its form": lambda url: f"{url[:3]}{'A' * 52}/",
    "no base64": lambda url: f"{url[:3]}{'!' * 52}/",
    "beyond ASCII": lambda url: f"{url[:3]}{'ä' * 52}/",
    "for another purpose": lambda url: ("/u/" if url.startswith("/c/") else "/c/") + url[3:],
}


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_link_that_we_did_not_make_opens_nothing_and_says_nothing(
    client: Client, confirm_path: str, leave_path: str, method: str, forgery: str
) -> None:
    before = stored()
    forged = [FORGERIES[forgery](url) for url in (confirm_path, leave_path)]

    responses = [getattr(client, method)(url) for url in forged]

    assert [response.status_code for response in responses] == [404, 404]
    assert words(responses[0]) == words(responses[1])
    assert stored() == before


def test_a_link_signed_with_a_key_of_others_opens_nothing(
    client: Client, leave_path: str, settings: Settings
) -> None:
    settings.LINK_KEYS = ["another key that is long enough to be one"]

    response = client.post(leave_path)

    assert response.status_code == 404


def test_a_link_signed_with_our_last_key_still_opens(
    client: Client, leave_path: str, settings: Settings
) -> None:
    settings.LINK_KEYS = ["a new key that signs from now on, long enough", *settings.LINK_KEYS]

    response = client.post(leave_path)

    assert response.status_code == 200


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_old_question_says_that_it_is_old_and_offers_a_new_one(
    client: Client, confirm_path: str, method: str
) -> None:
    request = Consent.objects.get()
    expired = links.make(Purpose.CONFIRM, request.public_id, expires=timezone.now() - DAY)
    before = stored()

    response = getattr(client, method)(path(expired))

    assert response.status_code == 410
    assert "/signup/" in response.content.decode()
    assert stored() == before


def test_the_way_out_never_gets_too_old(client: Client, leave_path: str) -> None:
    ben = Subscriber.objects.get()
    token = leave_path.strip("/").removeprefix("u/")

    target = links.read(Purpose.UNSUBSCRIBE, token, now=timezone.now() + 10_000 * DAY)

    assert (target.public_id, target.expires) == (ben.public_id, None)


# ------------------------------------------------------------------ what pages give away


def test_pages_with_a_token_are_kept_by_nobody_and_leak_to_nobody(
    client: Client, confirm_path: str, leave_path: str
) -> None:
    urls = (confirm_path, leave_path, "/u/x/")

    responses = [getattr(client, method)(url) for url in urls for method in ("get", "post")]

    assert all("no-store" in response["Cache-Control"] for response in responses)
    assert {response["Referrer-Policy"] for response in responses} == {"no-referrer"}
    assert {response["X-Robots-Tag"] for response in responses} == {"noindex"}
    assert not any(
        re.search(r'(?:src|href)="(?:https?:)?//(?!localhost)', response.content.decode())
        for response in responses
    )


def test_the_way_out_does_not_name_the_programme_or_the_person(
    client: Client, leave_path: str
) -> None:
    page = client.get(leave_path).content.decode()

    assert BEN.address not in page
    assert "Steady weeks" not in page
    assert not re.search("dysfunction", page)


def test_signing_up_works_without_redis(
    client: Client, filled: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError

    monkeypatch.setattr(tasks.send_transactional, "delay", away)

    response = client.post("/signup/", filled)

    assert response.status_code == 302
    assert Message.objects.count() == 1
