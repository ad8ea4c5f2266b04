"""Signing up, by those who should not: floods, machines, other sites, look-alikes."""

import json
import random
import re
import socket
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import dns.exception
import dns.resolver
import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from cms.integrations import limits
from cms.integrations.tally import Tally
from nurture import consent, privacy, sending, signup
from nurture.domain import consent as rules
from nurture.domain.states import TRANSACTIONAL, ConsentAction, MessageKind, Suppressed
from nurture.mail import links
from nurture.mail.links import Purpose
from nurture.models import (
    Consent,
    ConsentText,
    Enrolment,
    Message,
    Sequence,
    SignupCount,
    Subscriber,
    Suppression,
)
from nurture.models.suppression import address_hash
from nurture.web import domains, evenly
from nurture.web.signup import SALT
from tests import smtp
from tests.cast import ANNA, BEN
from tests.factories import published_sequence
from tests.nurture.steps import asks, enrolled

pytestmark = pytest.mark.django_db

API = "/api/v1/signup/"
ELSEWHERE = "https://www.practice.example"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _fast_and_fresh(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test counts from nothing, and only the test of time takes time."""
    settings.SIGNUP_ORIGINS = frozenset({settings.SITE_URL, ELSEWHERE})
    settings.SIGNUP_LIMIT_NETWORK = 1_000
    monkeypatch.setattr(evenly, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(limits, "own", Tally())
    monkeypatch.setattr(limits.Away, "until", float("inf"))


@pytest.fixture
def sequence() -> Sequence:
    return published_sequence(steps=1)


@pytest.fixture
def filled(sequence: Sequence) -> dict[str, Any]:
    return {
        "address": ANNA.address,
        "programme": sequence.translation_key.hex,
        "time_zone": ANNA.time_zone,
        "consent": True,
        "consent_number": ConsentText.current("en-us").number,
    }


def call(client: Client, body: object, *, kind: str = "application/json", **headers: str) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(API, text, content_type=kind, headers=headers)


def as_form(filled: dict[str, Any]) -> dict[str, str]:
    return {**{name: str(value) for name, value in filled.items()}, "consent": "on"}


# ------------------------------------------------------------------ the API


def test_the_api_says_what_a_form_needs(client: Client, sequence: Sequence) -> None:
    offer = client.get(API).json()

    (programme,) = offer["programmes"]
    assert programme["key"] == sequence.translation_key.hex
    assert offer["consent_text"].startswith("I agree")
    assert {tag["key"] for tag in offer["tags"]} >= {"pregnant", "dizziness"}


def test_a_signup_by_the_api_plans_a_question(client: Client, filled: dict[str, Any]) -> None:
    response = call(client, filled)

    assert response.status_code == 202
    assert response.json()["status"] == "accepted"
    assert not response.cookies
    assert Message.objects.get().kind == MessageKind.CONFIRMATION
    assert Consent.objects.get().source == "api"


def test_a_programme_goes_by_the_id_that_the_content_api_gives_it(
    client: Client, filled: dict[str, Any], sequence: Sequence
) -> None:
    response = call(client, {**filled, "programme": str(sequence.translation_key)})

    assert response.status_code == 202
    assert Message.objects.get().kind == MessageKind.CONFIRMATION


def test_a_diagnosis_stands_for_the_one_programme_about_it(
    client: Client, filled: dict[str, Any], sequence: Sequence
) -> None:
    (programme,) = client.get(API).json()["programmes"]
    named = {**filled, "programme": "", "diagnosis": programme["diagnosis_id"]}

    assert call(client, named).status_code == 202
    assert Consent.objects.get().sequence == sequence
    page = client.get(f"/signup/?diagnosis={programme['diagnosis_id']}").content.decode()
    assert re.search(r'type="radio"[^>]* checked', page)


def test_a_diagnosis_with_several_programmes_or_none_has_to_be_told_apart(
    client: Client, filled: dict[str, Any], sequence: Sequence
) -> None:
    (programme,) = client.get(API).json()["programmes"]
    published_sequence(steps=1, diagnosis=sequence.diagnosis)

    for diagnosis in (programme["diagnosis_id"], "nonsense"):
        answer = call(client, {**filled, "programme": "", "diagnosis": diagnosis})
        assert answer.status_code == 422
        assert answer.json()["parameters"][0]["name"] == "diagnosis"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"address": ""}, 422),
        ({"address": "a@b@c"}, 422),
        ({"address": "a@example.org\r\nBcc: b@example.org"}, 422),
        ({"address": '"a@b"@example.org'}, 422),
        ({"address": "a@example.org,b@example.org"}, 422),
        ({"address": "a@[127.0.0.1]"}, 422),
        ({"address": "a" * 10_000 + "@example.org"}, 400),
        ({"address": ["a@example.org"]}, 400),
        ({"address": None}, 400),
        ({"first_name": "x\r\nBcc: a@b"}, 422),
        ({"first_name": "https://evil.example"}, 422),
        ({"first_name": "N" * 81}, 400),
        ({"programme": "nonsense"}, 422),
        ({"consent": False}, 422),
        ({"consent_number": 99}, 422),
        ({"time_zone": "EST"}, 422),
        ({"tags": ["nonsense"]}, 422),
        ({"dates": {"birth": "yesterday"}}, 400),
        ({"state": "active"}, 400),
        ({"consent_at": "2026-01-01"}, 400),
    ],
)
def test_a_wrong_body_is_explained_and_stores_nothing(
    client: Client, filled: dict[str, Any], change: dict[str, Any], status: int
) -> None:
    response = call(client, {**filled, **change})

    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["parameters"]
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("not json", "application/json", 400),
        ("[]", "application/json", 400),
        ("[" * 5_000, "application/json", 400),
        ("{}", "text/plain", 415),
        ("address=a", "application/x-www-form-urlencoded", 415),
        ('"' + "x" * 20_000 + '"', "application/json", 413),
    ],
)
def test_what_is_no_short_json_is_refused(
    client: Client, body: str, kind: str, status: int
) -> None:
    response = call(client, body, kind=kind)

    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ELSEWHERE + ".evil.example"])
def test_a_page_of_another_origin_may_not_write(
    client: Client, filled: dict[str, Any], origin: str
) -> None:
    response = call(client, filled, origin=origin)
    asked = client.options(API, headers={"origin": origin})

    assert (response.status_code, asked.status_code) == (403, 403)
    assert "Access-Control-Allow-Origin" not in response.headers
    assert not Subscriber.objects.exists()


def test_a_page_of_the_practice_may(client: Client, filled: dict[str, Any]) -> None:
    asked = client.options(API, headers={"origin": ELSEWHERE})
    response = call(client, filled, origin=ELSEWHERE)

    assert (asked.status_code, response.status_code) == (204, 202)
    assert response["Access-Control-Allow-Origin"] == ELSEWHERE
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_the_embedded_form_works_without_a_script_and_from_known_pages_only(
    client: Client, filled: dict[str, Any]
) -> None:
    strict = Client(enforce_csrf_checks=True)
    form = as_form(filled)

    evil = strict.post("/signup/embedded/", form, headers={"origin": "https://evil.example"})
    good = strict.post("/signup/embedded/", form, headers={"origin": ELSEWHERE})

    assert (evil.status_code, good.status_code) == (403, 302)
    assert Subscriber.objects.count() == 1
    assert client.get(good["Location"]).status_code == 200


# ------------------------------------------------------------------ machines


def test_a_machine_that_fills_every_field_is_thanked_and_forgotten(
    client: Client, filled: dict[str, Any]
) -> None:
    assert call(client, {**filled, "website": "https://spam.example"}).status_code == 202
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(("ago", "status"), [(0.2, 422), (10.0, 302), (None, 422)])
def test_a_form_that_comes_back_too_soon_is_asked_once_more(
    client: Client, filled: dict[str, Any], settings: Settings, ago: float | None, status: int
) -> None:
    settings.SIGNUP_MINIMUM_SECONDS = 2
    opened = timezone.now().timestamp() - (ago or 0)
    began = signing.dumps(opened, salt=SALT) if ago is not None else "made up"

    response = client.post("/signup/", {**as_form(filled), "began": began})

    assert response.status_code == status
    assert Subscriber.objects.exists() is (status == 302)


def test_disposable_addresses_are_refused_where_the_practice_wants_it(
    client: Client, filled: dict[str, Any], settings: Settings
) -> None:
    settings.SIGNUP_REFUSE_DISPOSABLE = True

    assert call(client, {**filled, "address": "a@mailinator.com"}).status_code == 422
    assert call(client, filled).status_code == 202


# ------------------------------------------------------------------ floods


def test_one_network_cannot_flood(
    client: Client, filled: dict[str, Any], settings: Settings
) -> None:
    settings.SIGNUP_LIMIT_NETWORK = 5

    answers = [
        call(client, {**filled, "address": f"victim{n}@example.org"}).status_code for n in range(12)
    ]

    assert answers == [202] * 5 + [429] * 7
    assert Message.objects.count() == 5


def test_a_forwarded_address_that_no_proxy_of_ours_wrote_counts_for_nothing(
    client: Client, filled: dict[str, Any], settings: Settings
) -> None:
    settings.SIGNUP_LIMIT_NETWORK = 3

    answers = [
        call(client, filled, **{"x-forwarded-for": f"10.0.0.{n}"}).status_code for n in range(6)
    ]

    assert answers.count(429) == 3


def test_the_whole_site_has_a_bound_that_needs_no_redis(
    client: Client, filled: dict[str, Any], settings: Settings
) -> None:
    settings.SIGNUP_LIMIT_SITE = 4

    for number in range(8):
        call(client, {**filled, "address": f"victim{number}@example.org"})

    assert Message.objects.count() == 4


def test_one_address_from_everywhere_is_asked_once_a_day(sequence: Sequence) -> None:
    for _time in range(50):
        asks(ANNA, sequence)

    assert Message.objects.count() == 1


def test_upper_and_lower_case_are_one_person(client: Client, filled: dict[str, Any]) -> None:
    for address in ("Anna@Example.org", "ANNA@EXAMPLE.ORG", "anna@example.org"):
        call(client, {**filled, "address": address})

    assert Subscriber.objects.count() == 1
    assert Message.objects.count() == 1


def test_the_question_repeats_nothing_that_was_typed(
    client: Client, filled: dict[str, Any], relay: smtp.Relay
) -> None:
    call(client, {**filled, "first_name": "BUY NOW"})

    sending.send_claimed(TRANSACTIONAL)

    assert b"BUY NOW" not in relay.mails[0].content


# ------------------------------------------------------------------ who is known


def test_somebody_who_takes_part_gets_a_friendly_mail_and_no_second_programme(
    client: Client, filled: dict[str, Any], sequence: Sequence, relay: smtp.Relay
) -> None:
    enrolled(ANNA.joins(), sequence)

    for _time in range(3):
        response = call(client, filled)

    assert response.status_code == 202
    assert Enrolment.objects.count() == 1
    (notice,) = Message.objects.all()
    assert notice.kind == MessageKind.ENROLLED
    sending.send_claimed(TRANSACTIONAL)
    assert b"/m/" in relay.mails[0].content.replace(b"=\r\n", b"")


def test_a_stranger_changes_nothing_about_a_known_person(
    client: Client, filled: dict[str, Any]
) -> None:
    ANNA.joins(dates={"birth": "2026-01-01"}, tags=["pregnant"])
    before = Subscriber.objects.values().get()

    call(client, {**filled, "first_name": "Eve", "time_zone": "Asia/Tokyo", "tags": ["dizziness"]})

    assert Subscriber.objects.values().get() == before


def test_what_was_said_counts_once_it_is_confirmed(client: Client, filled: dict[str, Any]) -> None:
    asking = published_sequence(steps=1, asks=["birth"])
    day = (timezone.localdate() - 70 * DAY).isoformat()
    call(
        client,
        {
            **filled,
            "programme": asking.translation_key.hex,
            "dates": {"birth": day},
            "tags": ["pelvic_floor"],
        },
    )
    before = Subscriber.objects.get()
    assert (before.dates, before.tags) == ({}, [])

    consent.confirm(Consent.objects.get().public_id, now=timezone.now(), source="link")

    anna = Subscriber.objects.get()
    assert (anna.dates, anna.tags) == ({"birth": day}, ["pelvic_floor"])


def test_a_programme_that_counts_from_a_date_asks_for_it(
    client: Client, filled: dict[str, Any]
) -> None:
    asking = published_sequence(steps=1, asks=["birth"])

    response = call(client, {**filled, "programme": asking.translation_key.hex})

    assert response.status_code == 422
    assert response.json()["parameters"][0]["name"] == "birth"


def known_and_unknown(client: Client, filled: dict[str, Any]) -> tuple[list[float], list[float]]:
    """Seconds of answers to a known and an unknown address, in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(16):
        for group, address in enumerate((ANNA.address, f"stranger{number}@example.org")):
            began = time.perf_counter()
            assert call(client, {**filled, "address": address}).status_code == 202
            times[group].append(time.perf_counter() - began)
    return times


def likelihood(some: list[float], others: list[float]) -> float:
    """How often times that mean nothing differ as much as these: a permutation test of the medians,
    which one slow answer of a busy machine does not move."""
    dice = random.Random(1)
    everything = [*some, *others]
    seen = abs(statistics.median(some) - statistics.median(others))
    as_much = 0
    for _throw in range(2_000):
        dice.shuffle(everything)
        one, two = everything[: len(some)], everything[len(some) :]
        as_much += abs(statistics.median(one) - statistics.median(two)) >= seen
    return as_much / 2_000


def test_the_time_of_an_answer_does_not_say_who_is_known(
    client: Client,
    filled: dict[str, Any],
    sequence: Sequence,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The floor is longer than the work, so both take the floor."""
    enrolled(ANNA.joins(), sequence)
    known_and_unknown(client, filled)  # everything is warm
    monkeypatch.setattr(evenly, "LEAST_SECONDS", 0.3)

    known, unknown = known_and_unknown(client, filled)

    assert min(known + unknown) >= 0.3
    assert likelihood(known, unknown) > 0.001
    slower = [seconds + 0.02 for seconds in unknown]
    assert likelihood(known, slower) <= 0.01, "this test would not see a difference of 20 ms"


def never_seen() -> None:
    pass


def waits() -> None:
    asks(ANNA, Sequence.objects.get())


def takes_part() -> None:
    enrolled(ANNA.joins(), Sequence.objects.get())


def has_left() -> None:
    person = ANNA.joins()
    consent.withdraw(person.public_id, source="link")


def bounced() -> None:
    person = ANNA.joins()
    Suppression.objects.create(address_hash=address_hash(person.address), reason=Suppressed.BOUNCE)


def complained() -> None:
    person = ANNA.joins(consent=ConsentAction.WITHDRAWN)
    hashed = address_hash(person.address)
    Suppression.objects.create(address_hash=hashed, reason=Suppressed.COMPLAINT)


def erased() -> None:
    privacy.erase(ANNA.joins().public_id, now=timezone.now())


def asked_too_often() -> None:
    for day in range(7):
        asks(ANNA, Sequence.objects.get(), now=timezone.now() - (8 - day) * DAY)


HISTORIES = [never_seen, waits, takes_part, has_left, bounced, complained, erased, asked_too_often]


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.__name__)
@pytest.mark.parametrize("way", ["form", "embedded", "api"])
def test_an_answer_does_not_say_what_happened_before(
    filled: dict[str, Any],
    settings: Settings,
    tmp_path: Any,
    history: Callable[[], None],
    way: str,
) -> None:
    settings.ERASURE_LOG = tmp_path / "erasures.log"
    settings.SIGNUP_MINIMUM_SECONDS = 0
    history()

    answers = [signed_up(way, {**filled, "address": one}) for one in (ANNA.address, BEN.address)]

    known, stranger = (seen(one) for one in answers)
    assert known == stranger
    assert known[0] in {202, 302}


def seen(response: Any) -> tuple[int, bytes, dict[str, str]]:
    """All that a visitor gets, but for the second in which it was."""
    headers = {name: value for name, value in response.headers.items() if name != "Expires"}
    return response.status_code, response.content, headers


def signed_up(way: str, filled: dict[str, Any]) -> Any:
    if way == "api":
        return call(Client(), filled)
    url = "/signup/" if way == "form" else "/signup/embedded/"
    return Client().post(url, as_form(filled), headers={"origin": ELSEWHERE})


# ------------------------------------------------------------------ many spellings of one mailbox


@pytest.mark.parametrize(
    "spelt", ["anna+{}@example.org", "anna+{}.x@EXAMPLE.org", "a.n.n.a+{}@example.org"]
)
def test_one_mailbox_is_not_flooded_under_many_spellings(
    client: Client, filled: dict[str, Any], spelt: str
) -> None:
    answers = {
        call(client, {**filled, "address": spelt.format(number)}).status_code
        for number in range(20)
    }

    assert answers == {202}
    assert Message.objects.count() == rules.REQUESTS_A_DAY_ALIKE


def test_people_whose_names_begin_alike_do_not_count_together(
    client: Client, filled: dict[str, Any]
) -> None:
    for number in range(10):
        call(client, {**filled, "address": f"anna{number}@example.org"})

    assert Message.objects.count() == 10


# ------------------------------------------------------------------ a network while Redis is away


def test_a_network_is_counted_by_all_processes_together_while_redis_is_away(
    client: Client, filled: dict[str, Any], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new tally for each request, as in another process: only the rows know of the others."""
    settings.SIGNUP_LIMIT_NETWORK = 3
    answers = []
    for number in range(5):
        monkeypatch.setattr(limits, "own", Tally())
        answers.append(call(client, {**filled, "address": f"a{number}@example.org"}).status_code)

    assert answers == [202, 202, 202, 429, 429]
    assert SignupCount.objects.get().amount == 5
    assert "127.0.0.1" not in SignupCount.objects.get().network


def test_an_hour_later_a_network_begins_anew_and_the_old_count_is_gone(db: None) -> None:
    noon = timezone.now().replace(minute=30)
    assert [signup.count_network("net", now=noon) for _time in range(3)] == [1, 2, 3]

    assert signup.count_network("net", now=noon + timedelta(hours=1)) == 1
    assert SignupCount.objects.count() == 1


# ------------------------------------------------------------------ domains that take no mail


class NameServer:
    """Answers as a test says, and counts the questions."""

    def __init__(self, answer: type[Exception]) -> None:
        self.answer = answer
        self.asked = 0

    def resolve(self, *_args: Any, **_kwargs: Any) -> None:
        self.asked += 1
        raise self.answer


@pytest.fixture
def checked(settings: Settings) -> None:
    settings.SIGNUP_CHECK_DOMAIN = True


@pytest.mark.parametrize(
    ("says", "status"),
    [
        (dns.resolver.NXDOMAIN, 422),
        (dns.resolver.NoAnswer, 422),
        (dns.resolver.NoNameservers, 202),
        (dns.exception.Timeout, 202),
        (OSError, 202),
    ],
    ids=["no such domain", "no mail there", "no name server", "no answer", "offline"],
)
def test_only_a_certain_no_of_the_dns_refuses_an_address(
    filled: dict[str, Any],
    checked: None,
    monkeypatch: pytest.MonkeyPatch,
    says: type[Exception],
    status: int,
) -> None:
    monkeypatch.setattr(domains, "resolver", lambda: NameServer(says))

    assert call(Client(), filled).status_code == status


def test_a_name_server_that_says_nothing_costs_a_moment(
    client: Client, filled: dict[str, Any], checked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real question over a real socket, to a port where nobody answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        asked = dns.resolver.Resolver(configure=False)
        asked.nameservers, asked.port = ["127.0.0.1"], silent.getsockname()[1]
        asked.lifetime = asked.timeout = domains.LONGEST_SECONDS
        monkeypatch.setattr(domains, "resolver", lambda: asked)
        began = time.monotonic()

        response = call(client, filled)

    assert response.status_code == 202
    assert time.monotonic() - began < 4 * domains.LONGEST_SECONDS + 1


def test_a_machine_without_any_name_server_takes_signups(
    client: Client, filled: dict[str, Any], checked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(domains, "resolver", none)

    assert call(client, filled).status_code == 202


def test_the_dns_is_asked_of_the_known_and_the_unknown_alike(
    client: Client, filled: dict[str, Any], checked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = NameServer(dns.exception.Timeout)
    monkeypatch.setattr(domains, "resolver", lambda: server)
    ANNA.joins()

    for person in (ANNA, BEN):
        call(client, {**filled, "address": person.address})

    assert server.asked == 2


def test_nobody_is_asked_unless_the_practice_wants_it(
    client: Client, filled: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = NameServer(dns.resolver.NXDOMAIN)
    monkeypatch.setattr(domains, "resolver", lambda: server)

    assert call(client, filled).status_code == 202
    assert not server.asked


# ------------------------------------------------------------------ links that are too old


def expired(request: Consent) -> str:
    url = links.make(Purpose.CONFIRM, request.public_id, expires=timezone.now() - DAY)
    return url.removeprefix("http://localhost:8000")


def long_ago(request: Consent) -> None:
    Consent.objects.filter(pk=request.pk).update(created_at=timezone.now() - 8 * DAY)


def test_a_new_link_can_be_asked_for_and_goes_to_the_same_address(
    client: Client, sequence: Sequence
) -> None:
    asks(ANNA, sequence)
    request = Consent.objects.get()
    long_ago(request)
    page = client.get(expired(request))
    assert page.status_code == 410
    assert "Mail me a new link" in page.content.decode()

    answer = client.post(expired(request), {"action": "new-link", "address": "eve@example.org"})

    assert answer.status_code == 410
    assert "on its way" in answer.content.decode()
    newest = Message.objects.latest("pk")
    assert (newest.address, newest.kind) == (ANNA.address, MessageKind.CONFIRMATION)
    assert Subscriber.objects.count() == 1


def test_asking_for_new_links_all_day_sends_one(client: Client, sequence: Sequence) -> None:
    asks(ANNA, sequence)
    request = Consent.objects.get()
    long_ago(request)

    answers = {client.post(expired(request), {"action": "new-link"}).content for _time in range(6)}

    assert Message.objects.count() == 2
    assert len(answers) == 1


def test_a_new_link_for_somebody_who_left_is_not_sent_and_not_told(
    client: Client, sequence: Sequence
) -> None:
    asks(ANNA, sequence)
    request = Consent.objects.get()
    long_ago(request)
    consent.withdraw(Subscriber.objects.get().public_id, source="link")

    answer = client.post(expired(request), {"action": "new-link"})

    assert answer.status_code == 410
    assert Message.objects.count() == 1


def test_the_site_bound_counts_the_last_hour_only(sequence: Sequence, settings: Settings) -> None:
    settings.SIGNUP_LIMIT_SITE = 1
    asks(ANNA, sequence)

    assert signup.too_many(now=timezone.now())
    assert not signup.too_many(now=timezone.now() + timedelta(hours=2))
