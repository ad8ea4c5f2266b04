"""Photographs, as far as a test needs one."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from django.core.files.base import ContentFile
from PIL import ExifTags, Image

from cms.models import Picture


def photo(
    width: int, height: int, *, split: bool = False, taken_at: Mapping[Any, str] | None = None
) -> Picture:
    """A picture of pixels; `split` makes its left half black and its right half white, and
    `taken_at` lets it tell a place as cameras do."""
    pixels = Image.new("RGB", (width, height), "teal")
    if split:
        pixels.paste((0, 0, 0), (0, 0, width // 2, height))
        pixels.paste((255, 255, 255), (width // 2, 0, width, height))
    content = BytesIO()
    notes = Image.Exif()
    notes.get_ifd(ExifTags.IFD.GPSInfo).update(taken_at or {})
    pixels.save(content, "JPEG", exif=notes)
    file = ContentFile(content.getvalue(), name="photo.jpg")
    picture = Picture(title="Photo", description="A photo", file=file)
    picture.save()
    return picture
