"""Links by those who should not have them, or not any more: swapped, old, repeated, guessed."""

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.conf import settings as installation
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from nurture import privacy
from nurture.domain.states import ConsentAction
from nurture.mail import links
from nurture.mail.links import PREFIXES, Purpose
from nurture.models import CheckIn, Consent, Message, Subscriber
from tests.cast import ANNA, BEN
from tests.factories import checkin, published_sequence, step, text
from tests.nurture.steps import asks, planned

pytestmark = pytest.mark.django_db

Path = dict[Purpose, str]


@pytest.fixture
def paths(settings: Settings, tmp_path: Any) -> Path:
    """One good link of each purpose, to Anna or to what she got."""
    settings.ERASURE_LOG = tmp_path / "erasures.log"
    asks(ANNA, published_sequence(steps=[step(text(), checkin())]))
    anna = Subscriber.objects.get()
    Subscriber.objects.update(consent=ConsentAction.GIVEN)
    request = Consent.objects.get()
    anna.refresh_from_db()
    message = planned(anna, request.sequence or published_sequence())
    now = timezone.now()
    made = {
        Purpose.CONFIRM: links.make(
            Purpose.CONFIRM, request.public_id, expires=now + timedelta(days=7)
        ),
        Purpose.UNSUBSCRIBE: links.unsubscribe(anna),
        Purpose.PREFERENCES: links.preferences(anna, since=now),
        Purpose.CHECK_IN: links.check_in(message, 2),
        Purpose.EXPORT: links.export(anna, since=now),
        Purpose.ERASE: links.erase(anna, since=now),
        Purpose.CLICK: links.click(message, 1),
    }
    return {purpose: url.removeprefix(installation.SITE_URL) for purpose, url in made.items()}


def stored() -> list[str]:
    kinds = (Subscriber, Consent, CheckIn, Message)
    return sorted(str(row) for kind in kinds for row in kind.objects.values())


def seen(response: HttpResponse) -> tuple[int, str, frozenset[str]]:
    """What the one who tries can tell apart."""
    return response.status_code, response.content.decode(), frozenset(response.headers)


def test_no_link_opens_what_another_is_for(paths: Path) -> None:
    before = stored()

    answers = {
        seen(getattr(Client(), method)(swapped(paths[of], to)))
        for of, to in permutations(Purpose, 2)
        for method in ("get", "post")
    }

    assert {status for status, _body, _headers in answers} == {404}
    assert len(answers) == 1, "a forged link tells something"
    assert stored() == before


def swapped(path: str, to: Purpose) -> str:
    return f"/{PREFIXES[to]}/{path.split('/')[2]}/"


PRETENCES: dict[str, Callable[[str], str]] = {
    "the word None": lambda _token: "None",
    "unsigned, of another standard": lambda _token: "eyJhbGciOiJub25lIn0.e30.",
    "another letter": lambda token: token[:30] + ("B" if token[30] == "A" else "A") + token[31:],
    "no signature": lambda token: token[:-22] + "A" * 22,
    "a NUL behind it": lambda token: token + "%00",
    "a step up the path": lambda token: "..%2F" + token,
    "letters that look alike": lambda _token: "\uff21" * 52,
}


@pytest.mark.parametrize("pretence", PRETENCES)
def test_whatever_stands_in_the_place_of_a_token_is_answered_alike(
    paths: Path, pretence: str
) -> None:
    for purpose, path in paths.items():
        token = path.split("/")[2]
        response = Client().get(f"/{PREFIXES[purpose]}/{PRETENCES[pretence](token)}/")
        assert response.status_code == 404, purpose


def test_a_key_that_we_gave_up_opens_nothing(paths: Path, settings: Settings) -> None:
    settings.LINK_KEYS = ["the key that came afterwards, long enough"]

    assert {Client().get(path).status_code for path in paths.values()} == {404}


def test_after_an_erasure_every_link_is_as_if_it_had_never_been(paths: Path) -> None:
    privacy.erase(Subscriber.objects.get().public_id, now=timezone.now())

    answers = [
        seen(getattr(Client(), method)(path))
        for path in paths.values()
        for method in ("get", "post")
    ]

    assert {status for status, _body, _headers in answers} == {404}
    assert len(set(answers)) == 1
    assert not Subscriber.objects.exists()


def test_a_parameter_that_comes_twice_names_nobody_else(paths: Path) -> None:
    ben = BEN.joins()
    other = links.unsubscribe(ben).split("/")[4]
    body = f"token={other}&token=x&subscriber={ben.public_id}&List-Unsubscribe=One-Click"

    Client().post(
        f"{paths[Purpose.UNSUBSCRIBE]}?token={other}",
        body,
        content_type="application/x-www-form-urlencoded",
    )

    ben.refresh_from_db()
    assert ben.consent == ConsentAction.GIVEN
    assert Subscriber.objects.get(address=ANNA.address).consent == ConsentAction.WITHDRAWN


def test_no_page_behind_a_link_is_kept_or_told_to_others(paths: Path) -> None:
    for purpose, path in paths.items():
        response = Client().get(path)

        assert "no-store" in response["Cache-Control"], purpose
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["X-Robots-Tag"] == "noindex"
        assert not response.cookies
        foreign = re.findall(
            r'(?:src|href|action)="(?:https?:)?//[^"]+"', response.content.decode()
        )
        assert not [one for one in foreign if installation.SITE_URL not in one]


def test_no_link_names_a_person_or_a_topic(paths: Path) -> None:
    anna = Subscriber.objects.get()
    telling = (anna.address, "anna", "joint", anna.public_id.hex, str(anna.pk) + "/")

    assert not [one for path in paths.values() for one in telling if one in path.lower()]


def test_a_link_that_opens_a_page_by_get_changes_nothing(paths: Path) -> None:
    before = stored()

    for path in paths.values():
        Client().get(path + "?action=leave-all&List-Unsubscribe=One-Click")
        Client().head(path)

    assert stored() == before


def test_a_host_header_has_no_say_in_what_a_page_behind_a_link_offers(
    paths: Path, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]

    page = Client().get(paths[Purpose.PREFERENCES], headers={"host": "evil.example"})

    assert "evil.example" not in page.content.decode()
