"""The staff's way in: slow for who guesses, closed to old sessions, and leading nowhere else."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from cms.admin import sign_in
from cms.integrations import limits
from cms.integrations.limits import Bucket
from cms.integrations.tally import Tally
from cms.models import User

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough pass phrase"
LOGIN = "/admin/login/"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr(limits, "own", Tally())
    monkeypatch.setattr(limits.Away, "until", float("inf"))


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada", "ada@example.org", PASSWORD)


def tries(password: str, *, name: str = "ada", **more: str) -> bool:
    """Whether somebody is in after this."""
    client = Client()
    client.post(LOGIN, {"username": name, "password": password, **more})
    return "_auth_user_id" in client.session


def test_who_guesses_too_often_is_not_even_looked_up(ada: User) -> None:
    for number in range(sign_in.FROM_NETWORK.amount):
        assert not tries(f"guess {number}")

    assert not tries(PASSWORD)
    assert (
        "Too many attempts"
        in Client().post(LOGIN, {"username": "ada", "password": PASSWORD}).content.decode()
    )


def test_one_account_tried_from_everywhere_is_slowed_down_too(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "FROM_NETWORK", Bucket("sign-in-network", 1_000, seconds=600))
    for number in range(sign_in.AT_ACCOUNT.amount):
        assert not tries(f"guess {number}", name="ADA")

    assert not tries(PASSWORD)


def test_who_knows_the_password_meets_no_limit(ada: User) -> None:
    assert all(tries(PASSWORD) for _time in range(sign_in.FROM_NETWORK.amount + 5))


def test_an_unknown_name_is_answered_as_a_wrong_password(ada: User) -> None:
    pages = [
        Client().post(LOGIN, {"username": name, "password": "x"}).content.decode()
        for name in ("ada", "bob")
    ]

    assert all("didn&#x27;t match" in page or "didn't match" in page for page in pages)


@pytest.mark.parametrize(
    "there", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_signing_in_leads_to_this_site_only(ada: User, there: str) -> None:
    response = Client().post(
        f"{LOGIN}?next={there}", {"username": "ada", "password": PASSWORD, "next": there}
    )

    assert response.status_code == 302
    assert "evil" not in response["Location"]
    assert response["Location"].startswith("/")


def test_a_new_password_ends_every_session(ada: User) -> None:
    elsewhere = Client()
    elsewhere.force_login(ada)
    assert elsewhere.get(reverse("wagtailadmin_home")).status_code == 200

    ada.set_password("another long pass phrase")
    ada.save()

    assert elsewhere.get(reverse("wagtailadmin_home")).status_code == 302


def test_asking_for_new_passwords_all_day_floods_nobody(ada: User) -> None:
    answers = {
        Client().post(reverse("wagtailadmin_password_reset"), {"email": ada.email}).status_code
        for _time in range(sign_in.RESETS.amount + 5)
    }

    assert answers == {302}
    assert len(mail.outbox) == sign_in.RESETS.amount


def test_a_stranger_who_asks_for_a_new_password_learns_nothing(ada: User) -> None:
    reset = reverse("wagtailadmin_password_reset")

    known = Client().post(reset, {"email": ada.email})
    unknown = Client().post(reset, {"email": "bob@example.org"})

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert len(mail.outbox) == 1
