from io import BytesIO
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image
from wagtail.images.rect import Rect

from cms.documents import pictures
from cms.models import ExercisePage, Picture
from cms.sample import Loaded
from tests.cms.photos import photo

# Wagtail leaves the temporary files of new renditions to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture
def loaded(kept: Loaded) -> Loaded:
    return kept


def drawing(loaded: Loaded, client: Client) -> Tag:
    """What the page of the first exercise shows in the place of its drawing."""
    page = client.get("/exercises/move-1/").content
    (found,) = BeautifulSoup(page, "html.parser").select(".exercise-drawing")
    return found


def widths(source: Tag) -> list[str]:
    return [part.split()[1] for part in str(source["srcset"]).split(", ")]


def test_a_photo_is_offered_in_better_formats_once_they_are_made(
    loaded: Loaded, client: Client
) -> None:
    picture = photo(1600, 1200)
    ExercisePage.objects.filter(slug="move-1").update(drawing=picture)
    before = drawing(loaded, client)

    pictures.prepare(picture)

    after = drawing(loaded, client)
    assert not before.select("source")
    assert [source["type"] for source in after.select("picture > source")] == [
        "image/avif",
        "image/webp",
    ]
    assert [widths(source) for source in after.select("source")] == [["480w", "960w", "1440w"]] * 2
    assert all(source["sizes"] for source in after.select("source"))
    (image,) = after.select("picture > img")
    assert (image["width"], image["height"], image["alt"]) == ("960", "720", "A photo")
    assert "loading" not in image.attrs


def test_every_file_of_a_photo_is_what_it_says(db: None) -> None:
    picture = photo(1600, 1200)
    pictures.prepare(picture)

    for source in picture.sources("whole"):
        for file in source["files"]:
            path = Path(picture.file.storage.path(file["url"].removeprefix("/media/")))
            with Image.open(path) as made:
                assert (made.format or "").lower() == source["type"].removeprefix("image/")
                assert made.width == file["width"]


def test_a_small_photo_is_not_blown_up(db: None) -> None:
    picture = photo(400, 300)

    pictures.prepare(picture)

    found = [[file["width"] for file in source["files"]] for source in picture.sources("whole")]
    assert found == [[400], [400]]


def test_a_portrait_is_cut_around_its_focal_point(db: None) -> None:
    picture = photo(1200, 600, split=True)
    picture.set_focal_point(Rect(900, 0, 1200, 600))
    picture.save()
    picture.refresh_from_db()

    pictures.prepare(picture)

    shown = picture.shown("square")
    assert shown["width"] == shown["height"]
    with Image.open(picture.file.storage.path(shown["url"].removeprefix("/media/"))) as square:
        shades = square.convert("L").histogram()
    assert sum(shades[:200]) == 0, "the black half is out of the picture"
    assert picture.sources("square")


def test_a_drawing_stays_a_drawing(loaded: Loaded, client: Client) -> None:
    (image,) = drawing(loaded, client).select("img")
    assert str(image["src"]).endswith(".svg")
    assert not drawing(loaded, client).select("source")


def test_a_shared_link_shows_a_drawing_as_pixels(loaded: Loaded, client: Client) -> None:
    page = BeautifulSoup(client.get("/exercises/move-1/").content, "html.parser")

    (address,) = page.select("meta[property='og:image']")
    file = str(address["content"]).removeprefix("http://localhost:8000")
    response = client.get(file)
    with Image.open(BytesIO(b"".join(response))) as pixels:
        assert (pixels.format, pixels.width, pixels.height) == ("PNG", 1200, 800)


def test_a_page_without_a_picture_shares_that_of_the_practice(
    loaded: Loaded, client: Client
) -> None:
    page = BeautifulSoup(client.get("/hip/").content, "html.parser")

    (address,) = page.select("meta[property='og:image']")
    assert address["content"] == "http://localhost:8000/static/cms/shared.png"


@pytest.mark.parametrize("name", ["photo.avif", "photo.webp"])
def test_every_browser_is_given_something_it_shows(db: None, name: str) -> None:
    content = BytesIO()
    Image.new("RGB", (400, 300)).save(content, name.partition(".")[2].upper())
    picture = Picture(title="Photo", file=ContentFile(content.getvalue(), name=name))
    picture.save()

    assert str(picture.shown()["url"]).endswith(".webp")


def test_the_words_of_the_place_come_before_those_of_the_picture(db: None) -> None:
    picture = Picture(description="A hip")
    assert picture.alternative == "A hip"

    picture.contextual_alt_text = "The hip from behind"
    assert picture.alternative == "The hip from behind"

    picture.decorative = True
    assert picture.alternative == ""


def test_a_picture_is_credited_where_it_stands(loaded: Loaded, client: Client) -> None:
    page = BeautifulSoup(client.get("/exercises/move-1/").content, "html.parser")

    assert page.select(".credit")[0].get_text(strip=True) == "Picture: Rehabit, CC BY 4.0"
