from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.test import Client
from PIL import ExifTags, Image
from pytest_django import Settings

from cms.documents.pictures import prepare
from cms.models import User
from cms.sample import Loaded
from tests.cms.photos import photo

GREENWICH = {ExifTags.GPS.GPSLatitudeRef: "N", ExifTags.GPS.GPSLongitudeRef: "W"}


def test_a_permanent_link_leads_to_the_page_wherever_it_moved(
    loaded: Loaded, client: Client
) -> None:
    page = loaded.exercises["move-1"]
    page.slug = "moved"
    page.save()

    response = client.get(f"/p/{page.translation_key}/")

    assert (response.status_code, response["Location"]) == (302, "/exercises/moved/")


def test_a_permanent_link_to_an_unpublished_page_leads_nowhere(
    loaded: Loaded, client: Client
) -> None:
    page = loaded.exercises["move-1"]
    page.unpublish()

    assert client.get(f"/p/{page.translation_key}/").status_code == 404


def test_an_unknown_permanent_link_leads_nowhere(loaded: Loaded, client: Client) -> None:
    assert client.get(f"/p/{uuid4()}/").status_code == 404


def test_a_drawing_is_served_for_long_and_cannot_run_script(loaded: Loaded, client: Client) -> None:
    drawing = loaded.exercises["move-1"].drawing
    assert drawing

    response = client.get(drawing.file.url)
    body = b"".join(response)
    response.close()

    assert body.startswith(b"<svg")
    assert response["Content-Type"] == "image/svg+xml"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    )
    assert "max-age=31536000" in response["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        "documents/secret.txt",
        "images/../documents/secret.txt",
        "images/",
        "images/none.png",
        "secret.txt",
    ],
)
def test_nothing_but_pictures_is_served(
    db: None, client: Client, settings: Settings, path: str
) -> None:
    for name in ("documents", "images"):
        (Path(settings.MEDIA_ROOT) / name).mkdir(parents=True)
    for name in ("documents/secret.txt", "secret.txt"):
        (Path(settings.MEDIA_ROOT) / name).write_text("secret")

    assert client.get(f"/media/{path}").status_code == 404


@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
def test_where_a_photo_was_taken_is_told_to_nobody_but_staff(db: None, client: Client) -> None:
    picture = photo(1200, 900, taken_at=GREENWICH)
    prepare(picture)

    in_mail = picture.get_rendition("width-400|format-png")
    made = [picture.shared, in_mail, *picture.renditions.all()]
    urls = {picture.shown()["url"], *(each.url for each in made)}
    places = {url: place_in(b"".join(client.get(url))) for url in urls}
    assert len(places) >= 17
    assert {url: place for url, place in places.items() if place} == {}
    assert client.get(picture.file.url).status_code == 404

    client.force_login(User.objects.create_superuser("ada", "ada@example.org"))
    original = client.get(picture.file.url)
    assert place_in(b"".join(original)) == GREENWICH
    assert "no-store" in original.headers["Cache-Control"]


def place_in(content: bytes) -> dict[int, str]:
    with Image.open(BytesIO(content)) as opened:
        return dict(opened.getexif().get_ifd(ExifTags.IFD.GPSInfo))


def test_a_process_with_a_database_is_live_and_ready(db: None, client: Client) -> None:
    for path in ("/health/live", "/health/ready"):
        response = client.get(path)

        assert (response.status_code, response.content) == (200, b"ok")


def test_without_its_database_a_process_is_live_but_not_ready(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError("the server went away")

    monkeypatch.setattr(connection, "cursor", away)

    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 503


def test_without_redis_a_process_is_ready_and_shows_pages(
    loaded: Loaded, client: Client, settings: Settings
) -> None:
    nobody = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": nobody}

    assert client.get("/health/ready").status_code == 200
    assert client.get("/hip/sore-hip/").status_code == 200
