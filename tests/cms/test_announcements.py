"""What front ends are told: each thing that readers can see, once, and nothing else."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page, PageViewRestriction

from cms.announcements import EVENTS
from cms.integrations import webhooks
from cms.integrations.models import WebhookEvent
from cms.models import User
from cms.sample import Loaded
from tests.cms import clinic
from tests.cms.integrations.conftest import endpoint

pytestmark = pytest.mark.usefixtures("_asked")


@pytest.fixture
def _asked(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who wants to know everything, from now on."""
    monkeypatch.setattr("cms.integrations.doorbell.ring", lambda: None)
    endpoint("https://hooks.example.org/", events=list(EVENTS))


def told() -> list[tuple[str, Any]]:
    """The events so far, each with the path that it is about."""
    rows = WebhookEvent.objects.order_by("occurred_at", "type")
    return [(row.type, row.data.get("page", {}).get("path")) for row in rows]


def test_publishing_is_told_with_ids_and_paths_and_no_words(loaded: Loaded) -> None:
    page = loaded.exercises["move-1"]

    clinic.publish(page)

    row = WebhookEvent.objects.get()
    assert row.type == "page.published"
    assert row.data == {
        "page": {
            "id": page.pk,
            "key": str(page.translation_key),
            "type": "exercise",
            "locale": "en-us",
            "path": "/exercises/move-1/",
        }
    }


def test_publishing_again_is_told_again(loaded: Loaded) -> None:
    page = loaded.exercises["move-1"]

    clinic.publish(page)
    clinic.publish(page)

    assert told() == [("page.published", "/exercises/move-1/")] * 2


def test_a_draft_is_nobody_s_business(loaded: Loaded) -> None:
    page = loaded.exercises["move-1"]

    clinic.edit(page, title="Another")
    loaded.home.add_child(instance=type(loaded.home)(title="New", slug="new", live=False))

    assert told() == []


def test_a_schedule_is_told_when_it_comes_true(loaded: Loaded) -> None:
    page = loaded.exercises["move-1"]
    clinic.publish(page, expire_at=timezone.now() - timedelta(seconds=1))
    WebhookEvent.objects.all().delete()

    call_command("publish_scheduled", verbosity=0)

    assert told() == [("page.unpublished", "/exercises/move-1/")]


def test_unpublishing_is_told_once(loaded: Loaded) -> None:
    page = loaded.exercises["move-1"]

    page.unpublish()
    page.unpublish()

    assert told() == [("page.unpublished", "/exercises/move-1/")]


def test_a_new_slug_is_told_with_the_old_path(loaded: Loaded) -> None:
    region = loaded.diagnoses["sore-hip"].get_parent().specific

    clinic.publish(region, slug="hips")

    assert [name for name, _path in told()] == ["page.moved", "page.published"]
    moved = WebhookEvent.objects.get(type="page.moved")
    assert (moved.data["old_path"], moved.data["page"]["path"]) == ("/hip/", "/hips/")
    assert moved.data["below"] == region.get_descendants().live().count() > 0


def test_a_move_is_told_with_the_old_path(loaded: Loaded) -> None:
    page = loaded.exercises["move-1"]

    page.move(loaded.home, pos="last-child")

    [row] = WebhookEvent.objects.filter(type="page.moved")
    assert (row.data["old_path"], row.data["page"]["path"]) == ("/exercises/move-1/", "/move-1/")


def test_a_new_order_is_no_move(loaded: Loaded) -> None:
    page = loaded.exercises["move-2"]

    page.move(page.get_parent(), pos="first-child")

    assert told() == []


def test_a_deleted_tree_is_told_page_by_page(loaded: Loaded) -> None:
    paths = {"/exercises/", "/exercises/move-1/", "/exercises/move-2/"}

    loaded.exercises["move-1"].get_parent().specific.delete()

    assert {path for name, path in told() if name == "page.deleted"} == paths
    assert len(told()) == len(paths)


def test_deleting_a_draft_tells_nothing(loaded: Loaded) -> None:
    page = loaded.exercises["move-1"]
    page.unpublish()
    WebhookEvent.objects.all().delete()

    page.delete()

    assert told() == []


def test_a_page_that_becomes_private_is_gone_and_comes_back(loaded: Loaded) -> None:
    page = loaded.exercises["move-1"]

    restriction = PageViewRestriction.objects.create(
        page=page, restriction_type=PageViewRestriction.LOGIN
    )
    clinic.publish(page)
    assert told() == [("page.unpublished", "/exercises/move-1/")]
    restriction.delete()

    assert told()[1:] == [("page.published", "/exercises/move-1/")]


def test_a_private_page_is_deleted_in_silence(loaded: Loaded) -> None:
    page = loaded.exercises["move-1"]
    PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)
    WebhookEvent.objects.all().delete()

    page.delete()

    assert told() == []


def test_redirects_are_told(loaded: Loaded) -> None:
    page = Page.objects.get(pk=loaded.exercises["move-1"].pk)
    redirect = Redirect.objects.create(old_path="/old", redirect_page=page)
    redirect.is_permanent = False
    redirect.save()

    redirect.delete()

    rows = list(WebhookEvent.objects.order_by("occurred_at", "type"))
    assert sorted(row.type for row in rows) == [
        "redirect.changed",
        "redirect.changed",
        "redirect.deleted",
    ]
    assert rows[0].data["redirect"]["old_path"] == "/old"
    assert rows[0].data["redirect"]["to"].endswith("/exercises/move-1/")


def test_a_publication_that_fails_is_not_told(loaded: Loaded) -> None:
    with transaction.atomic():
        clinic.publish(loaded.exercises["move-1"])
        transaction.set_rollback(True)

    assert told() == []


def test_the_event_is_in_the_transaction_that_publishes(
    loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If it cannot be written, the page is not published either: none is lost."""
    page = loaded.exercises["move-1"]
    page.unpublish()

    def broken(*_arguments: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(webhooks, "announce", broken)
    with pytest.raises(RuntimeError):
        clinic.publish(page)

    assert not Page.objects.get(pk=page.pk).live


def test_what_an_editor_does_in_the_admin_is_told(loaded: Loaded, client: Client) -> None:
    client.force_login(User.objects.create_superuser("boss", "boss@example.org", "secret"))
    page = loaded.exercises["move-1"]

    client.post(f"/admin/pages/{page.pk}/unpublish/")
    client.post(f"/admin/pages/{page.pk}/delete/")

    assert told() == [("page.unpublished", "/exercises/move-1/")]
