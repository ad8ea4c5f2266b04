"""How a page is found from outside: search page, site map, feeds, robots, redirects, caches."""

from typing import Any
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Locale, PageViewRestriction

from cms.models import User
from cms.sample import Loaded
from tests.cms import clinic

SITE = "http://localhost:8000"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
ATOM = "{http://www.w3.org/2005/Atom}"
XHTML = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture
def loaded(kept: Loaded) -> Loaded:
    return kept


def soup(client: Client, path: str, *, status: int = 200) -> BeautifulSoup:
    response = client.get(path)
    assert response.status_code == status
    return BeautifulSoup(response.content, "html.parser")


# ------------------------------------------------------------------ the search page


def test_a_search_shows_what_it_found_in_groups(loaded: Loaded, client: Client) -> None:
    page = soup(client, "/search/?q=hip")

    headings = [tag.get_text() for tag in page.select(".hits h2")]
    assert headings == ["Parts of the body", "What it could be"]
    assert [tag["href"] for tag in page.select(".hits a")] == ["/hip/", "/hip/sore-hip/"]
    assert "A hip that aches." in page.select(".hits li")[1].get_text()
    assert page.select("[role=status]")[0].get_text() == "2 pages found"
    assert page.select("input[name=q]")[0]["value"] == "hip"
    assert page.select("meta[name=robots]")[0]["content"] == "noindex"


def test_nothing_found_is_said_with_advice(loaded: Loaded, client: Client) -> None:
    page = soup(client, "/search/?q=xylophone")

    assert page.select("[role=status]")[0].get_text() == "0 pages found"
    assert "Try another word" in page.get_text()


def test_an_empty_search_is_just_the_form(loaded: Loaded, client: Client) -> None:
    for query in ("", "?q=", "?q=++", "?other=1"):
        page = soup(client, f"/search/{query}")

        assert len(page.select("form.search")) == 1
        assert not page.select("[role=status], [role=alert]")


def test_a_page_full_of_text_is_refused_kindly(loaded: Loaded, client: Client) -> None:
    page = soup(client, "/search/?q=" + "hip+" * 2_500, status=400)

    assert "try a few words" in page.select("[role=alert]")[0].get_text()
    assert len(page.select("input[name=q]")[0]["value"]) == 200


def test_what_somebody_looks_for_is_shown_as_text_and_kept_by_nobody(
    loaded: Loaded, client: Client
) -> None:
    response = client.get("/search/", {"q": '"><script>alert(1)</script>'})

    assert b"<script>alert(1)" not in response.content
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/nowhere/", 404)])
def test_the_form_stands_where_people_begin_and_where_they_are_lost(
    loaded: Loaded, client: Client, path: str, status: int
) -> None:
    (form,) = soup(client, path, status=status).select("form[role=search]")

    assert (form["action"], form["method"]) == ("/search/", "get")


# ------------------------------------------------------------------ for search engines


def sitemap(client: Client) -> dict[str, Any]:
    response = client.get("/sitemap.xml")
    assert response.status_code == 200
    root = ElementTree.fromstring(response.content)
    return {url.findtext(f"{MAP}loc") or "": url for url in root}


def test_the_site_map_has_every_public_page_with_its_date(loaded: Loaded, client: Client) -> None:
    loaded.exercises["move-2"].unpublish()
    PageViewRestriction.objects.create(page=loaded.article, restriction_type="login")

    urls = sitemap(client)

    paths = ["/", "/exercises/", "/exercises/move-1/", "/hip/", "/hip/sore-hip/"]
    assert sorted(urls) == sorted(f"{SITE}{path}" for path in paths)
    assert all(url.findtext(f"{MAP}lastmod") for url in urls.values())


def test_the_site_map_names_the_same_page_in_another_language(
    loaded: Loaded, client: Client
) -> None:
    spanish = Locale.objects.create(language_code="es")
    home = loaded.home.copy_for_translation(spanish)
    home.slug = "home-es"
    home.save_revision().publish()

    url = sitemap(client)[f"{SITE}/"]

    links = {link.get("hreflang"): link.get("href") for link in url.findall(f"{XHTML}link")}
    assert links.keys() == {"en-us", "es"}


def test_robots_are_kept_from_what_is_none_of_theirs(client: Client) -> None:
    lines = client.get("/robots.txt").content.decode().splitlines()

    assert lines[0] == "User-agent: *"
    assert {"Disallow: /admin/", "Disallow: /api/", "Disallow: /search/"} <= set(lines)
    assert f"Sitemap: {SITE}/sitemap.xml" in lines


def entries(client: Client, path: str) -> list[str]:
    response = client.get(path)
    assert response.headers["Content-Type"].startswith("application/atom+xml")
    root = ElementTree.fromstring(response.content)
    return [entry.findtext(f"{ATOM}title") or "" for entry in root.iter(f"{ATOM}entry")]


def test_feeds_tell_of_articles_and_of_what_changed_last(loaded: Loaded, client: Client) -> None:
    clinic.publish(loaded.diagnoses["sore-hip"], summary="A hip that still aches.")

    assert entries(client, "/feeds/articles.atom") == ["Run again"]
    changed = entries(client, "/feeds/changes.atom")
    assert changed[0] == "Sore hip"
    assert set(changed) == {"Sore hip", "Run again", "Hip", "Move 1", "Move 2"}


def test_feeds_and_site_map_hold_nothing_that_is_not_public(loaded: Loaded, client: Client) -> None:
    loaded.article.unpublish()
    PageViewRestriction.objects.create(page=loaded.diagnoses["sore-hip"], restriction_type="login")

    assert entries(client, "/feeds/articles.atom") == []
    assert "Sore hip" not in entries(client, "/feeds/changes.atom")


# ------------------------------------------------------------------ pages that moved


def test_a_page_with_a_new_slug_is_found_at_its_old_address(
    loaded: Loaded, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        clinic.publish(loaded.diagnoses["sore-hip"], slug="aching-hip")

    response = client.get("/hip/sore-hip/")

    assert (response.status_code, response.headers["Location"]) == (301, "/hip/aching-hip/")


def test_pages_below_a_page_that_moved_are_found_at_their_old_addresses(
    loaded: Loaded, client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        clinic.publish(loaded.diagnoses["sore-hip"].get_parent().specific, slug="hips")
        loaded.article.refresh_from_db()
        loaded.article.move(loaded.home, pos="last-child")

    for old, new in (("/hip/sore-hip/", "/hips/sore-hip/"), ("/hips/run-again/", "/run-again/")):
        response = client.get(old)
        assert (response.status_code, response.headers["Location"]) == (301, new)


def test_a_redirect_that_an_editor_made_is_followed(loaded: Loaded, client: Client) -> None:
    Redirect.add_redirect("/old-hip/", redirect_to=loaded.diagnoses["sore-hip"])

    assert client.get("/old-hip/").headers["Location"] == "/hip/sore-hip/"


# ------------------------------------------------------------------ who may keep a page


def test_what_everybody_sees_may_be_kept_a_minute_and_asked_for_anew_for_little(
    loaded: Loaded, client: Client
) -> None:
    first = client.get("/hip/sore-hip/")

    again = client.get("/hip/sore-hip/", headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"] == "public, max-age=60"
    assert "Cookie" in first.headers["Vary"]
    assert (again.status_code, again.content) == (304, b"")


def test_what_staff_see_is_kept_by_nobody(loaded: Loaded, client: Client) -> None:
    client.force_login(User.objects.create_superuser("ada", "ada@example.org"))

    assert client.get("/hip/").headers["Cache-Control"] == "private, no-cache"


def test_a_page_behind_a_password_is_kept_by_nobody(loaded: Loaded, client: Client) -> None:
    PageViewRestriction.objects.create(
        page=loaded.article, restriction_type="password", password="oak"
    )
    form = soup(client, "/hip/run-again/")
    fields = {i["name"]: i.get("value", "") for i in form.select("input[name]")}
    (action,) = [f["action"] for f in form.select("form[method=POST], form[method=post]")]
    client.post(str(action), {**fields, "password": "oak"})

    response = client.get("/hip/run-again/")

    assert b"How to begin." in response.content
    assert "public" not in response.headers["Cache-Control"]


def test_the_form_that_asks_for_a_password_is_kept_by_nobody(
    loaded: Loaded, client: Client
) -> None:
    PageViewRestriction.objects.create(
        page=loaded.article, restriction_type="password", password="oak"
    )

    assert "public" not in client.get("/hip/run-again/").headers.get("Cache-Control", "")
