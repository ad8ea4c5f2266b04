"""Drafts on a front end: for whoever holds the token, for an hour, and nothing but that draft."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.core import signing
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from wagtail.models import PageViewRestriction, Site
from wagtail.test.utils.form_data import querydict_from_html

from cms import preview
from cms.integrations import tokens
from cms.integrations.models import Scope
from cms.models import FrontEnd, PreviewDraft, User
from cms.models.front_end import Remembered
from cms.sample import Loaded
from tests.cms import clinic

# Making a rendition for the editor leaves Wagtail's temporary file to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning"
)

FRONT = "https://www.larkfield.example"


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    Remembered.until = 0.0


@pytest.fixture
def front(settings: Settings) -> str:
    settings.HEADLESS_CLIENT_URL = FRONT
    return FRONT


@pytest.fixture
def boss(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("boss", "boss@example.org", "secret"))
    return client


def view_draft(client: Client, page: Any) -> Any:
    return client.get(f"/admin/pages/{page.pk}/view_draft/")


def panel(client: Client, page: Any) -> Any:
    return client.get(f"/admin/pages/{page.pk}/edit/preview/?in_preview_panel=true")


def typed(client: Client, page: Any, **changes: str) -> None:
    """What the editor posts a moment after a key was pressed."""
    editor = client.get(f"/admin/pages/{page.pk}/edit/").content.decode()
    form = querydict_from_html(editor, form_id="page-edit-form")
    for name, value in changes.items():
        form[name] = value
    posted = client.post(f"/admin/pages/{page.pk}/edit/preview/", form)
    assert posted.json()["is_valid"]


def token_of(response: Any) -> str:
    [token] = parse_qs(urlsplit(str(response["Location"])).query)["token"]
    return token


def opened(client: Client, token: str) -> Any:
    return client.get("/api/v1/preview/", {"token": token})


# ------------------------------------------------------------------ where a draft is shown


def test_without_a_front_end_a_draft_is_shown_here(loaded: Loaded, boss: Client) -> None:
    page = loaded.exercises["move-1"]
    clinic.edit(page, title="Lift slowly")

    response = view_draft(boss, page)

    assert response.status_code == 200
    assert "Lift slowly" in response.content.decode()
    assert not PreviewDraft.objects.exists()


def test_a_draft_leads_to_the_front_end_which_gets_just_that(
    loaded: Loaded, boss: Client, client: Client, front: str
) -> None:
    page = loaded.exercises["move-1"]
    clinic.edit(page, title="Lift slowly")

    response = view_draft(boss, page)
    answer = opened(Client(), token_of(response))

    assert response.status_code == 302
    assert response["Location"].startswith(f"{FRONT}/preview/?token=")
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    assert "ETag" not in answer
    assert (answer.json()["title"], answer.json()["type"]) == ("Lift slowly", "exercise")


def test_readers_still_get_what_is_published(loaded: Loaded, boss: Client, front: str) -> None:
    page = loaded.exercises["move-1"]
    clinic.edit(page, title="Lift slowly")

    view_draft(boss, page)

    public = Client().get("/api/v1/exercises/").content.decode()
    assert "Lift slowly" not in public


def test_an_old_version_can_be_looked_at_too(loaded: Loaded, boss: Client, front: str) -> None:
    page = loaded.exercises["move-1"]
    old = clinic.edit(page, title="As it was")
    clinic.edit(page, title="As it is")

    response = boss.get(f"/admin/pages/{page.pk}/revisions/{old.pk}/view/")

    assert opened(boss, token_of(response)).json()["title"] == "As it was"


def test_the_panel_frames_the_front_end_in_a_page_of_ours(
    loaded: Loaded, boss: Client, front: str
) -> None:
    page = loaded.home
    typed(boss, page)

    response = panel(boss, page)

    policy = response["Content-Security-Policy"]
    assert f'<iframe src="{FRONT}/preview/?token=' in response.content.decode()
    assert f"frame-src {FRONT}" in policy
    assert "frame-ancestors 'self'" in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"


def test_typing_replaces_what_was_typed_before(loaded: Loaded, boss: Client, front: str) -> None:
    page = loaded.home
    for title in ("L", "Li", "Lift"):
        typed(boss, page, title=title)
        panel(boss, page)

    row = PreviewDraft.objects.get()
    assert json.loads(row.body)["title"] == "Lift"
    assert opened(boss, preview.sign(row.key)).json()["title"] == "Lift"


def test_two_people_do_not_see_each_other_s_typing(
    loaded: Loaded, boss: Client, front: str
) -> None:
    page, other = loaded.home, Client()
    other.force_login(User.objects.create_superuser("ann", "ann@example.org", "secret"))

    for who, title in ((boss, "Mine"), (other, "Yours")):
        typed(who, page, title=title)
        panel(who, page)

    titles = {json.loads(row.body)["title"] for row in PreviewDraft.objects.all()}
    assert titles == {"Mine", "Yours"}


def test_a_page_that_is_not_saved_yet_has_a_preview(
    loaded: Loaded, boss: Client, front: str
) -> None:
    address = f"/admin/pages/add/cms/clinicianindexpage/{loaded.home.pk}"
    form = querydict_from_html(boss.get(f"{address}/").content.decode(), form_id="page-edit-form")
    form["title"] = "Brand new"
    for _ in range(2):
        boss.post(f"{address}/preview/", form)
        boss.get(f"{address}/preview/?in_preview_panel=true")

    row = PreviewDraft.objects.get()
    assert (row.page_id, json.loads(row.body)["title"]) == (None, "Brand new")


def test_a_draft_that_has_no_document_yet_is_shown_here(
    loaded: Loaded, boss: Client, front: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def incomplete(_page: Any) -> str:
        raise ValueError

    monkeypatch.setattr("cms.documents.compiling.compile_draft", incomplete)

    response = view_draft(boss, loaded.exercises["move-1"])

    assert response.status_code == 200


def test_whoever_may_not_edit_gets_no_token(loaded: Loaded, client: Client, front: str) -> None:
    client.force_login(clinic.user("eve"))

    response = view_draft(client, loaded.exercises["move-1"])

    assert response.status_code == 302
    assert FRONT not in response["Location"]
    assert not PreviewDraft.objects.exists()


# ------------------------------------------------------------------ tokens


def spoilt(token: str) -> dict[str, str]:
    key, stamp, signature = token.split(":")
    return {
        "another signature": f"{key}:{stamp}:{signature.swapcase()}",
        "another draft": f"{'A' * len(key)}:{stamp}:{signature}",
        "a later time": f"{key}:zzzzzz:{signature}",
        "for something else": signing.TimestampSigner(salt="another").sign(key),
        "without a time": signing.Signer(salt="cms.preview").sign(key),
        "cut": token[:20],
        "huge": token * 8,
        "empty": "",
    }


def test_a_token_that_is_not_right_opens_nothing_and_tells_nothing(
    loaded: Loaded, boss: Client, front: str
) -> None:
    token = token_of(view_draft(boss, loaded.exercises["move-1"]))

    answers = {how: opened(boss, wrong) for how, wrong in spoilt(token).items()}
    answers["deleted"] = opened(boss, preview.sign("of nobody"))

    assert {how: answer.status_code for how, answer in answers.items()} == dict.fromkeys(
        answers, 404
    )
    assert len({answer.content for answer in answers.values()}) == 1
    assert answers["cut"]["Content-Type"] == "application/problem+json"


def test_a_token_lasts_an_hour(loaded: Loaded, boss: Client, front: str) -> None:
    token = token_of(view_draft(boss, loaded.exercises["move-1"]))

    with time_machine.travel(timezone.now() + timedelta(minutes=59)):
        before = opened(boss, token).status_code
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        after = opened(boss, token).status_code

    assert (before, after) == (200, 404)


def test_expired_drafts_are_forgotten(loaded: Loaded, boss: Client, front: str) -> None:
    view_draft(boss, loaded.exercises["move-1"])

    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        preview.forget()

    assert not PreviewDraft.objects.exists()


def test_a_token_without_a_token_is_a_bad_request(db: None, client: Client) -> None:
    assert client.get("/api/v1/preview/").status_code == 400
    assert client.get("/api/v1/preview/?token=a&page=7").status_code == 400


def test_a_deleted_page_takes_its_drafts_along(loaded: Loaded, boss: Client, front: str) -> None:
    page = loaded.exercises["move-1"]
    token = token_of(view_draft(boss, page))

    page.delete()

    assert opened(boss, token).status_code == 404


def test_a_draft_costs_one_query(
    loaded: Loaded, boss: Client, front: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token = token_of(view_draft(boss, loaded.exercises["move-1"]))

    with django_assert_num_queries(1):
        opened(boss, token)


def test_a_private_page_has_a_preview_for_its_editor(
    loaded: Loaded, boss: Client, front: str
) -> None:
    page = loaded.exercises["move-1"]
    PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)

    token = token_of(view_draft(boss, page))

    assert opened(boss, token).json()["title"] == page.title


# ------------------------------------------------------------------ API tokens for drafts


def draft_by_key(page: Any, *scopes: Scope) -> Any:
    token = tokens.make(
        "builder", scopes=list(scopes), expires_at=timezone.now() + timedelta(days=1), user_id=None
    )
    headers = {"Authorization": f"Bearer {token}"}
    return Client().get(f"/api/v1/drafts/{page.translation_key}/", headers=headers)


def test_a_program_reads_drafts_with_the_scope_for_it(loaded: Loaded) -> None:
    page = loaded.exercises["move-1"]
    clinic.edit(page, title="Lift slowly")

    answer = draft_by_key(page, Scope.DRAFTS)

    assert (answer.status_code, answer["Cache-Control"]) == (200, "private, no-store")
    assert answer.json()["title"] == "Lift slowly"


def test_nobody_else_reads_drafts(loaded: Loaded, client: Client) -> None:
    page = loaded.exercises["move-1"]

    answers = [
        client.get(f"/api/v1/drafts/{page.translation_key}/"),
        draft_by_key(page, Scope.CHANGES),
    ]

    assert [answer.status_code for answer in answers] == [401, 403]


def test_a_private_page_is_no_program_s_business(loaded: Loaded) -> None:
    page = loaded.exercises["move-1"]
    PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)

    assert draft_by_key(page, Scope.DRAFTS).status_code == 404


# ------------------------------------------------------------------ addresses


def test_addresses_of_pages_lead_to_the_front_end(loaded: Loaded, boss: Client, front: str) -> None:
    page = loaded.exercises["move-1"]

    listing = boss.get(f"/admin/pages/{page.get_parent().pk}/").content.decode()

    assert page.full_url == page.get_url() == f"{FRONT}/exercises/move-1/"
    assert f'href="{FRONT}/exercises/move-1/"' in listing


def test_visitors_are_sent_on(loaded: Loaded, client: Client, front: str) -> None:
    page = loaded.exercises["move-1"]

    visit = client.get("/exercises/move-1/")
    permalink = client.get(f"/p/{page.translation_key}/")

    assert (visit.status_code, visit["Location"]) == (302, f"{FRONT}/exercises/move-1/")
    assert permalink["Location"] == f"{FRONT}/exercises/move-1/"


def test_a_front_end_before_us_is_not_sent_round_in_a_circle(
    loaded: Loaded, client: Client, settings: Settings
) -> None:
    settings.HEADLESS_CLIENT_URL = "http://testserver"

    assert client.get("/exercises/move-1/").status_code == 200


def test_a_site_may_have_another_front_end_or_none(
    loaded: Loaded, boss: Client, front: str
) -> None:
    page = loaded.exercises["move-1"]
    row = FrontEnd.objects.create(
        site=Site.objects.get(), url="https://other.example/", preview_path="/api/draft"
    )

    elsewhere = view_draft(boss, page)
    row.built_in = True
    row.save()

    assert elsewhere["Location"].startswith("https://other.example/api/draft?token=")
    assert view_draft(boss, page).status_code == 200
    assert page.get_url() == "/exercises/move-1/"


def test_the_site_s_front_end_is_set_in_the_admin(loaded: Loaded, boss: Client, front: str) -> None:
    site = Site.objects.get()

    boss.post(
        f"/admin/settings/cms/frontend/{site.pk}/",
        {"url": "https://other.example", "preview_path": "/draft/"},
    )

    assert loaded.exercises["move-1"].get_url() == "https://other.example/exercises/move-1/"


def test_without_a_front_end_an_address_costs_nothing_more(
    loaded: Loaded, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    page = loaded.exercises["move-1"]
    page.get_url()

    with django_assert_num_queries(0):
        for _ in range(20):
            page.get_url()
