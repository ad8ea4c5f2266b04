from io import BytesIO

import pytest
from PIL import ExifTags, Image

from cms import photos

PLACE: dict[int, str] = {ExifTags.GPS.GPSLatitudeRef: "N", ExifTags.GPS.GPSLongitudeRef: "W"}


def taken(kind: str) -> bytes:
    notes, content = Image.Exif(), BytesIO()
    notes.get_ifd(ExifTags.IFD.GPSInfo).update(PLACE)
    Image.effect_noise((90, 60), 50).convert("RGB").save(content, kind, exif=notes.tobytes())
    return content.getvalue()


@pytest.mark.parametrize(("kind", "sign"), [("JPEG", b"Exif"), ("PNG", b"eXIf")])
def test_a_photo_loses_its_notes_and_keeps_every_pixel(kind: str, sign: bytes) -> None:
    before = taken(kind)

    after = photos.without_notes(before)

    assert sign in before
    assert sign not in after
    with Image.open(BytesIO(before)) as old, Image.open(BytesIO(after)) as new:
        assert new.tobytes() == old.tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_photo_without_notes_stays_as_it_is(kind: str) -> None:
    clean = photos.without_notes(taken(kind))

    assert photos.without_notes(clean) == clean


@pytest.mark.parametrize("content", [b"", b"RIFF....WEBP", b"\xff\xd8", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_photo_or_ends_too_early_is_left_alone(content: bytes) -> None:
    assert photos.without_notes(content) == content
