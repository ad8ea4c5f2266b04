from django.test import Client
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import PageViewRestriction, Site

from cms.sample import Loaded
from tests.api.reading import get


def redirect(old_path: str, **target: object) -> Redirect:
    return Redirect.objects.create(
        old_path=Redirect.normalise_path(old_path), site=Site.objects.get(), **target
    )


def test_old_paths_lead_to_where_the_pages_stand_now(
    compiled: Loaded, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    redirect("/old-move/", redirect_page=compiled.exercises["move-1"])
    redirect("/elsewhere", redirect_link="https://example.org/", is_permanent=False)

    with django_assert_num_queries(1):
        items = get(client, "redirects/")["items"]

    assert items == [
        {"source": "/old-move", "target": "/exercises/move-1/", "permanent": True},
        {"source": "/elsewhere", "target": "https://example.org/", "permanent": False},
    ]
    assert get(client, "redirects/?path=/elsewhere/")["items"] == items[1:]
    assert get(client, "redirects/?path=/nowhere")["items"] == []


def test_they_come_page_by_page(compiled: Loaded, client: Client) -> None:
    for number in range(5):
        redirect(f"/old/{number}", redirect_page=compiled.article)

    first = get(client, "redirects/?limit=3")
    second = get(client, f"redirects/?limit=3&cursor={first['next']}")

    sources = [item["source"] for item in first["items"] + second["items"]]
    assert sources == [f"/old/{number}" for number in range(5)]
    assert second["next"] is None


def test_a_page_that_changes_its_slug_leaves_one_behind(
    compiled: Loaded,
    client: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    page = compiled.exercises["move-2"]
    page.slug = "moved"
    with django_capture_on_commit_callbacks(execute=True):
        page.save_revision().publish()

    assert get(client, "redirects/?path=/exercises/move-2/")["items"] == [
        {"source": "/exercises/move-2", "target": "/exercises/moved/", "permanent": True}
    ]


def test_none_leads_to_what_readers_may_not_see(compiled: Loaded, client: Client) -> None:
    redirect("/old-move", redirect_page=compiled.exercises["move-1"])
    redirect("/old-article", redirect_page=compiled.article)
    compiled.exercises["move-1"].unpublish()
    PageViewRestriction.objects.create(page=compiled.article, restriction_type="login")

    assert get(client, "redirects/")["items"] == []
