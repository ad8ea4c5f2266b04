"""What not everybody may see shows in no answer, at once and whoever asks."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from wagtail.models import Collection, CollectionViewRestriction, Page, PageViewRestriction

from cms.documents import working
from cms.models import Document, ExercisePage, Picture
from cms.sample import Loaded
from tests.api.reading import ROOT, get

SECRET = "Move 2"
PATH = "pages/by-path/?path=/exercises/move-2/"


@pytest.fixture
def secret(compiled: Loaded) -> ExercisePage:
    """A page that is about to be taken back. Its document and those that show it are made."""
    return compiled.exercises["move-2"]


def everything(client: Client) -> str:
    """All that an anonymous reader can get, from the moment of asking, without any work between."""
    kinds = ("articles", "clinicians", "diagnoses", "exercises", "regions")
    paths = ["site/", "redirects/", "search/?q=move", "search/?q=2", "sequences/"]
    for kind in kinds:
        items = get(client, f"{kind}/?limit=100")["items"]
        paths += [f"{kind}/?limit=100", f"{kind}/?fields=title,structured_data,seo&limit=100"]
        paths += [f"{kind}/{item['id']}/" for item in items]
    paths += [f"pages/by-path/?path={path}" for path in ("/", "/exercises/", "/hip/")]
    keys = {kind: [i["id"] for i in get(client, f"{kind}/")["items"]] for kind in kinds}
    paths += [f"diagnoses/{key}/?expand=exercises" for key in keys["diagnoses"]]
    paths += [f"articles/{key}/?expand=exercises,diagnoses" for key in keys["articles"]]
    return "\n".join(client.get(ROOT + path).content.decode() for path in paths)


def assert_gone(client: Client, page: Page) -> None:
    assert SECRET not in everything(client)
    assert "move-2" not in everything(client)
    get(client, f"exercises/{page.translation_key}/", status=404)
    get(client, PATH, status=404)
    working.work()
    assert SECRET not in everything(client)


def test_a_public_page_is_seen(secret: ExercisePage, client: Client) -> None:
    assert SECRET in everything(client)


def test_a_page_that_is_unpublished(secret: ExercisePage, client: Client) -> None:
    secret.unpublish()

    assert_gone(client, secret)


def test_a_page_that_becomes_private(secret: ExercisePage, client: Client) -> None:
    PageViewRestriction.objects.create(page=secret, restriction_type="login")

    assert_gone(client, secret)


def test_a_page_below_one_that_becomes_private(secret: ExercisePage, client: Client) -> None:
    restriction = PageViewRestriction.objects.create(
        page=secret.get_parent(), restriction_type="password", password="open"
    )
    assert_gone(client, secret)

    restriction.delete()
    working.work()

    assert SECRET in everything(client)


def test_a_page_that_expires(secret: ExercisePage, client: Client) -> None:
    secret.expire_at = timezone.now() + timedelta(hours=1)
    secret.save_revision().publish()
    working.work()
    assert SECRET in everything(client)

    before = timezone.now() - timedelta(hours=1)
    Page.objects.filter(pk=secret.pk).update(expire_at=before)
    Document.objects.exclude(valid_until=None).update(valid_until=before)

    assert_gone(client, secret)


def test_a_page_that_is_deleted(secret: ExercisePage, client: Client) -> None:
    key = secret.translation_key
    secret.delete()
    secret.translation_key = key

    assert_gone(client, secret)


def test_a_page_that_is_taken_back_past_all_signals(secret: ExercisePage, client: Client) -> None:
    Page.objects.filter(pk=secret.pk).update(live=False)

    get(client, f"exercises/{secret.translation_key}/", status=404)
    get(client, PATH, status=404)
    assert SECRET not in str(get(client, "exercises/"))


def test_a_draft_of_a_public_page(secret: ExercisePage, client: Client) -> None:
    secret.title = "Not yet to be told"
    secret.save_revision()
    working.repair(deep=True)

    assert "Not yet" not in everything(client)


def test_a_page_that_moves_is_found_where_it_stands(compiled: Loaded, client: Client) -> None:
    region = compiled.article.get_parent().specific
    region.slug = "hips"
    region.save_revision().publish()

    get(client, "pages/by-path/?path=/hip/", status=404)
    get(client, "pages/by-path/?path=/hip/sore-hip/", status=404)
    moved = get(client, "pages/by-path/?path=/hips/sore-hip/")
    assert moved["breadcrumbs"][-1]["path"] == "/hips/"
    assert '"/hip/' not in everything(client)


def test_a_page_that_is_moved_below_another(compiled: Loaded, client: Client) -> None:
    article = compiled.article
    article.move(compiled.home, pos="last-child")

    get(client, "pages/by-path/?path=/hip/run-again/", status=404)
    assert get(client, "pages/by-path/?path=/run-again/")["title"] == "Run again"
    assert "/hip/run-again/" not in everything(client)


def test_a_picture_in_a_closed_collection(compiled: Loaded, client: Client) -> None:
    picture = Picture.objects.get(pk=compiled.exercises["move-1"].drawing_id)
    closed = Collection.get_first_root_node().add_child(name="Only us")
    CollectionViewRestriction.objects.create(collection=closed, restriction_type="login")
    assert picture.file.url in everything(client)

    picture.collection = closed
    picture.save()

    assert picture.file.url not in everything(client)


def test_a_collection_that_is_closed(compiled: Loaded, client: Client) -> None:
    picture = Picture.objects.get(pk=compiled.exercises["move-1"].drawing_id)

    CollectionViewRestriction.objects.create(
        collection=picture.collection, restriction_type="login"
    )

    assert picture.file.url not in everything(client)


def test_a_link_to_a_page_that_is_private_leaves_only_its_words(
    compiled: Loaded, client: Client
) -> None:
    region = compiled.article.get_parent().specific
    target = compiled.exercises["move-2"]
    region.body = f'<p>Do <a linktype="page" id="{target.pk}">the second one</a> now.</p>'
    region.save_revision().publish()
    assert "the second one</a> now" in get(client, "pages/by-path/?path=/hip/")["html"]

    target.unpublish()

    html = get(client, "pages/by-path/?path=/hip/")["html"]
    assert html == "<p>Do the second one now.</p>"
