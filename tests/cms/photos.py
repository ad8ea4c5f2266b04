"""Photographs, as far as a test needs one."""

from io import BytesIO

from django.core.files.base import ContentFile
from PIL import Image

from cms.models import Picture


def photo(width: int, height: int, *, split: bool = False) -> Picture:
    """A picture of pixels; `split` makes its left half black and its right half white."""
    pixels = Image.new("RGB", (width, height), "teal")
    if split:
        pixels.paste((0, 0, 0), (0, 0, width // 2, height))
        pixels.paste((255, 255, 255), (width // 2, 0, width, height))
    content = BytesIO()
    pixels.save(content, "JPEG")
    file = ContentFile(content.getvalue(), name="photo.jpg")
    picture = Picture(title="Photo", description="A photo", file=file)
    picture.save()
    return picture
