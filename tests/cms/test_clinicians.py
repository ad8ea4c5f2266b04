import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from cms.models import ClinicianPage, User
from cms.models.clinicians import check_orcid, clinician_of
from cms.sample import Loaded
from tests.cms import clinic


@pytest.mark.parametrize(
    "orcid", ["0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-1694-233X"]
)
def test_a_real_orcid_is_taken(orcid: str) -> None:
    check_orcid(orcid)


@pytest.mark.parametrize(
    "orcid",
    [
        "0000-0002-1825-0098",
        "0000-0002-1825-097",
        "0000000218250097",
        "0000-0002-1694-233x",
        "x",
        "0000-0002-1825-0097\n",
    ],
)
def test_a_wrong_digit_or_shape_is_refused(orcid: str) -> None:
    with pytest.raises(ValidationError):
        check_orcid(orcid)


def test_credentials_are_not_said_twice(db: None) -> None:
    assert (
        ClinicianPage(title="Mara Ellison, DPT", credentials="DPT").full_name == "Mara Ellison, DPT"
    )
    assert ClinicianPage(title="Mara Ellison", credentials="DPT").full_name == "Mara Ellison, DPT"
    assert ClinicianPage(title="Mara Ellison").full_name == "Mara Ellison"


def test_the_team_page_lists_who_is_live(loaded: Loaded, client: Client) -> None:
    clinic.clinician(loaded, "Mara")
    clinic.clinician(loaded, "Noor").unpublish()

    page = BeautifulSoup(client.get("/team/").content, "html.parser")

    assert [link.text for link in page.select("main .card-title a")] == ["Mara, DPT"]
    assert [tag.name for tag in page.select("h1, h2, h3")] == ["h1", "h2"]


def test_a_clinicians_page_shows_where_to_look_them_up(loaded: Loaded, client: Client) -> None:
    mara = clinic.clinician(loaded, "Mara")
    clinic.publish(
        mara,
        orcid="0000-0002-1825-0097",
        registration_body="Board",
        registration_number="17",
        biography="<p>Runs.</p>",
    )

    page = BeautifulSoup(client.get("/team/mara/").content, "html.parser")

    assert page.select_one("h1").text == "Mara, DPT"  # type: ignore[union-attr]
    assert page.select_one('a[href="https://orcid.org/0000-0002-1825-0097"]')
    assert "Board" in page.main.text  # type: ignore[union-attr]
    assert "Runs." in page.main.text  # type: ignore[union-attr]


def test_only_an_administrator_links_an_account(
    loaded: Loaded, client: Client, admin_user: User
) -> None:
    """Else whoever edits the page could make themselves a clinician."""
    mara = clinic.clinician(loaded, "Mara")
    url = reverse("wagtailadmin_pages:edit", args=[mara.pk])

    client.force_login(clinic.user("molly", "Moderators"))
    assert 'name="account"' not in client.get(url).content.decode()

    client.force_login(admin_user)
    assert 'name="account"' in client.get(url).content.decode()


def test_one_account_is_one_clinician(loaded: Loaded) -> None:
    account = clinic.user("mara")
    clinic.clinician(loaded, "Mara", account=account)

    with pytest.raises(ValidationError, match="account"):
        clinic.clinician(loaded, "Other", account=account)


def test_a_copied_page_takes_no_account_along(loaded: Loaded) -> None:
    mara = clinic.clinician(loaded, "Mara", account=clinic.user("mara"))

    copy = mara.copy(update_attrs={"slug": "copy"})

    assert copy.account is None


def test_an_anonymous_visitor_is_no_clinician(loaded: Loaded) -> None:
    clinic.clinician(loaded, "Mara")

    assert clinician_of(None) is None


def test_an_account_that_goes_leaves_the_page(loaded: Loaded) -> None:
    account = clinic.user("mara")
    mara = clinic.clinician(loaded, "Mara", account=account)

    account.delete()

    mara.refresh_from_db()
    assert mara.account is None


def test_the_author_stands_on_the_page(loaded: Loaded, client: Client) -> None:
    page = clinic.diagnosis(loaded)
    clinic.publish(page, author=clinic.clinician(loaded, "Mara"))

    shown = " ".join(client.get(page.url).content.decode().split())

    assert 'Written by <a href="/team/mara/">Mara, DPT</a>' in shown
