from collections import Counter
from datetime import date, timedelta
from io import BytesIO

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cms.models import ExercisePage, User
from cms.models.reviewed import counts, reviewed_pages, status_of, with_status
from cms.review import Status
from cms.sample import Loaded
from tests.cms import clinic
from tests.cms.clinic import TODAY, approve, publish


@pytest.fixture
def mara(loaded: Loaded) -> User:
    account = clinic.user("mara")
    clinic.clinician(loaded, "Mara", account=account)
    return account


@pytest.fixture
def mixed(loaded: Loaded, mara: User) -> Loaded:
    """One page in each state; two exercises were never reviewed, nor was the region."""
    approve(loaded.article, by=mara, on=timezone.localdate())
    approve(loaded.diagnoses["sore-hip"], by=mara, on=date(2019, 5, 1))
    approve(loaded.exercises["move-1"], by=mara)
    publish(loaded.exercises["move-1"], summary="Other words.")
    return loaded


EXPECTED = {
    Status.NEVER: 2,
    Status.CURRENT: 1,
    Status.DUE_SOON: 0,
    Status.OVERDUE: 1,
    Status.CHANGED: 1,
}


def test_counts_are_those_of_the_live_health_pages(mixed: Loaded) -> None:
    pages = with_status(reviewed_pages().live(), today=timezone.localdate())

    assert counts(pages) == EXPECTED


def test_sql_and_python_know_the_same_rule(mixed: Loaded) -> None:
    for days in range(-900, 900, 30):
        today = TODAY + timedelta(days=days)
        for page in with_status(reviewed_pages(), today=today):
            assert Status(page.review_status) == status_of(page, today=today)


def test_the_report_shows_all_and_filters_by_status(
    mixed: Loaded, client: Client, admin_user: User
) -> None:
    client.force_login(admin_user)
    url = reverse("review_report")

    rows = client.get(url).context["object_list"]
    overdue = client.get(url, {"review_status": "overdue"}).context["object_list"]
    several = client.get(url, {"review_status": ["overdue", "changed"]}).context["object_list"]

    assert Counter(Status(row.review_status) for row in rows) == {
        status: count for status, count in EXPECTED.items() if count
    }
    assert [row.title for row in overdue] == ["Sore hip"]
    assert {row.title for row in several} == {"Sore hip", "Move 1"}
    assert overdue[0].reviewer_names == "Mara, DPT"


def test_what_nobody_ever_reviewed_comes_first_then_the_longest_due(
    mixed: Loaded, client: Client, admin_user: User
) -> None:
    client.force_login(admin_user)

    rows = client.get(reverse("review_report")).context["object_list"]

    assert [row.title for row in rows][:3] == ["Hip", "Move 2", "Sore hip"]


def test_the_report_leaves_as_a_spreadsheet(
    mixed: Loaded, client: Client, admin_user: User
) -> None:
    client.force_login(admin_user)
    url = reverse("review_report")

    csv = b"".join(client.get(url, {"export": "csv"})).decode().splitlines()
    xlsx = b"".join(client.get(url, {"export": "xlsx"}))

    assert csv[0] == "Page,Type,Review,Last reviewed,Next due,Reviewed by"
    assert 'Sore hip,Diagnosis,Overdue,2019-05-01,2021-05-01,"Mara, DPT"' in csv
    assert openpyxl.load_workbook(BytesIO(xlsx)).active.max_row == len(csv) == 6


def test_the_dashboard_counts_and_leads_to_the_report(
    mixed: Loaded, client: Client, admin_user: User
) -> None:
    client.force_login(admin_user)

    shown = " ".join(client.get(reverse("wagtailadmin_home")).content.decode().split())

    assert "4 live pages wait for a clinician." in shown
    assert f"{reverse('review_report')}?review_status=overdue" in shown
    assert "<strong>1</strong> Overdue" in shown


def test_a_clinician_sees_the_report_without_further_rights(
    mixed: Loaded, client: Client, mara: User
) -> None:
    client.force_login(mara)

    assert len(client.get(reverse("review_report")).context["object_list"]) == 5
    assert "Due for review" in client.get(reverse("wagtailadmin_home")).content.decode()


def test_somebody_with_nothing_to_edit_does_not(mixed: Loaded, client: Client) -> None:
    client.force_login(clinic.user("guest"))

    assert client.get(reverse("review_report")).status_code == 302
    assert "Clinical review" not in client.get(reverse("wagtailadmin_home")).content.decode()


def test_the_report_costs_the_same_for_two_pages_and_for_twenty(
    mixed: Loaded, client: Client, admin_user: User
) -> None:
    client.force_login(admin_user)
    url = reverse("review_report")
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    move = mixed.exercises["move-2"]
    for number in range(20):
        move.copy(update_attrs={"slug": f"copy-{number}"}, keep_live=True)

    with CaptureQueriesContext(connection) as many:
        assert len(client.get(url).context["object_list"]) == 25

    assert len(many) == len(few) < 25
    assert ExercisePage.objects.count() == 22
