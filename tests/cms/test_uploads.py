from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from pytest_django import Settings

from cms.admin import uploads
from cms.models import Picture, User
from tests.cms import samples

ADD = "/admin/images/add/"
NS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def svg(inside: str, *, attributes: str = "") -> bytes:
    return (
        f'<svg {NS} width="10" height="10" viewBox="0 0 10 10" {attributes}>{inside}</svg>'.encode()
    )


def png(width: int = 4, height: int = 4) -> bytes:
    file = BytesIO()
    Image.new("1", (width, height)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def admin(db: None, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("ada", "ada@example.org"))
    return client


def upload(client: Client, content: bytes, name: str) -> Any:
    """The errors at the field of the file; none if the picture was taken."""
    file = SimpleUploadedFile(name, content)
    response = client.post(ADD, {"title": "A picture", "file": file, "collection": 1})
    return [] if response.status_code == 302 else response.context["form"].errors.get("file", [])


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (svg("<script>alert(1)</script>"), "script"),
        (svg("<SCRIPT>alert(1)</SCRIPT>"), "SCRIPT"),
        (svg("<foreignObject><p/></foreignObject>"), "foreignObject"),
        (svg('<p xmlns="http://www.w3.org/1999/xhtml">x</p>'), "p"),
        (svg("", attributes='onload="alert(1)"'), "onload"),
        (svg('<rect ONCLICK="alert(1)"/>'), "ONCLICK"),
        (svg('<a href="https://example.org"><rect/></a>'), "a"),
        (svg('<image href="file:///etc/passwd"/>'), "image"),
        (svg('<use xlink:href="https://example.org/x.svg#a"/>'), "href"),
        (svg('<use href="data:image/svg+xml;base64,AAAA"/>'), "href"),
        (svg('<rect fill="url(https://example.org/x)"/>'), "fill"),
        (svg("<style>@import 'https://example.org/x.css';</style>"), "style"),
        (svg("<style>rect{fill:url( 'https://example.org/x' )}</style>"), "style"),
        (svg("<style>rect{fill:u\\72l(https://example.org)}</style>"), "style"),
        (svg('<set attributeName="href" to="javascript:alert(1)"/>'), "set"),
        (svg('<animate attributeName="href" values="x"/>'), "animate"),
        (b'<?xml-stylesheet href="https://example.org/x.css"?>' + svg(""), "xml-stylesheet"),
        (svg('<g id="a"><use href="#b"/></g><use href="#a"/>'), "use"),
    ],
)
def test_a_drawing_that_could_run_or_fetch_something_is_refused_by_name(
    content: bytes, what: str
) -> None:
    with pytest.raises(ValidationError, match=f"“{what}”"):
        uploads.refuse_unsafe_drawing(content)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'<!DOCTYPE svg [<!ENTITY a "b">]>' + svg("&a;"), "entities"),
        (b"<svg", "broken"),
        ("é".encode("latin-1"), "broken"),
        (svg("").decode().encode("utf-16"), "broken"),
        (svg("<g/>" * 10_001), "too many parts"),
        (svg("<!--" + "x" * uploads.MAX_SVG_BYTES + "-->"), "1 MB"),
    ],
)
def test_a_drawing_that_is_broken_or_a_bomb_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        uploads.refuse_unsafe_drawing(content)


@pytest.mark.parametrize(
    "content",
    [
        samples.DRAWING.encode(),
        svg('<defs><linearGradient id="g"/></defs><rect fill="url(#g)"/>'),
        svg("<rect style=\"stroke:url( '#g' )\"/>"),
        svg('<g id="a"><rect/></g><use href="#a"/>'),
        svg('<x:note xmlns:x="http://www.inkscape.org/x"/><title>A hip</title>'),
    ],
)
def test_an_honest_drawing_passes(content: bytes) -> None:
    uploads.refuse_unsafe_drawing(content)


def test_the_form_tells_it_at_the_field_and_keeps_nothing(admin: Client) -> None:
    errors = upload(admin, svg("<script>alert(1)</script>"), "hip.svg")

    assert "script" in str(errors)
    assert not Picture.objects.exists()


def test_an_honest_drawing_is_taken(admin: Client) -> None:
    assert upload(admin, samples.DRAWING.encode(), "hip.svg") == []

    assert Picture.objects.get().is_svg()


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"GIF89a", "hip.gif", "Not a valid|Not a supported"),
        (b"no picture", "hip.png", "valid image"),
        (png()[:40], "hip.png", "valid image"),
        (png(64, 64)[:-24], "hip.png", "valid image"),
        (f'<svg {NS} width="wide" viewBox="0 0 x 1"/>'.encode(), "hip.svg", "valid image"),
        (png(), "hip.jpg", "does not match"),
        (b"<html></html>", "hip.html", "valid image|supported"),
        (samples.DRAWING.encode(), "hip.png", "does not match"),
    ],
)
def test_what_is_no_picture_is_refused_at_the_field(
    admin: Client, content: bytes, name: str, reason: str
) -> None:
    errors = str(upload(admin, content, name))

    assert any(word in errors for word in reason.split("|")), errors
    assert not Picture.objects.exists()


def test_a_picture_of_more_bytes_than_allowed_is_refused(admin: Client) -> None:
    errors = upload(admin, png() + b"\0" * (10 * 1024 * 1024), "hip.png")

    assert "too big" in str(errors)


def test_a_small_file_of_many_pixels_is_refused(admin: Client, settings: Settings) -> None:
    bomb = png(8_000, 8_000)

    errors = upload(admin, bomb, "hip.png")

    assert len(bomb) < 100_000
    assert "too many pixels" in str(errors)
