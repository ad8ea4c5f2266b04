"""Pictures as sets of renditions. Making them takes seconds, so a publication never waits for it:
a document shows what there is, and the background makes the rest and compiles once more."""

import logging
from collections.abc import Iterator
from io import BytesIO

from django.conf import settings
from PIL import Image as Pillow
from PIL import UnidentifiedImageError
from wagtail.images.models import SourceImageIOError

from cms import drawings
from cms.documents.reader import Reader
from cms.documents.shapes.base import FocalPoint, Image, Rendition
from cms.documents.shared import Look
from cms.models import Picture

log = logging.getLogger(__name__)

COLOURS = 4  # enough to tell the ground from the figure
SAMPLE = 48  # pixels

Unreadable = (SourceImageIOError, UnidentifiedImageError, OSError, ValueError)


def image(picture: Picture | None, reader: Reader, *, alt: str | None = None) -> Image | None:
    """None for a picture that not everybody may see, or whose file is gone."""
    if picture is None or not reader.may_show(picture):
        return None
    known = reader.shared.looks
    if picture.pk not in known:
        known[picture.pk] = look(picture)
    found = known[picture.pk]
    if not found.prepared:
        reader.unprepared.add(picture.pk)
    if found.image is None or alt is None:
        return found.image
    return found.image.model_copy(update={"alt": alt})


def look(picture: Picture) -> Look:
    """With its own description. Not prepared: renditions or the colour are missing."""
    try:
        shown = picture.shown()
    except Unreadable as error:
        log.warning("picture %s cannot be shown: %s", picture.pk, type(error).__name__)
        return Look(None, prepared=True)
    whole = picture.is_svg() or picture.has([*picture.specs(), *picture.specs("square")])
    image = Image(
        url=absolute(shown["url"]),
        width=shown["width"],
        height=shown["height"],
        alt=picture.description,
        focal_point=focal_point(picture),
        colour=picture.colour or None,
        author=picture.author,
        licence=picture.licence,
        renditions=list(drawn(picture) if picture.is_svg() else made(picture)),
    )
    return Look(image, prepared=whole and picture.colour_hash == picture.get_file_hash())


def absolute(url: str) -> str:
    """Files stay on our side, also when a front end shows them."""
    return f"{settings.SITE_URL}{url}" if url.startswith("/") else url


def drawn(picture: Picture) -> Iterator[Rendition]:
    """A drawing is sharp in every size."""
    url = absolute(picture.file.url)
    yield Rendition(format="svg", url=url, width=picture.width, height=picture.height)


def made(picture: Picture) -> Iterator[Rendition]:
    ready = {rendition.filter_spec: rendition for rendition in picture.renditions.all()}
    for spec, form in picture.specs().items():
        if rendition := ready.get(spec):
            yield Rendition.model_validate(
                {
                    "format": form,
                    "url": absolute(rendition.url),
                    "width": rendition.width,
                    "height": rendition.height,
                }
            )


def focal_point(picture: Picture) -> FocalPoint | None:
    if not picture.has_focal_point():
        return None
    across = ("x", "width")
    values = {
        name: getattr(picture, f"focal_point_{name}")
        / (picture.width if name in across else picture.height)
        for name in ("x", "y", "width", "height")
    }
    return FocalPoint(**{name: round(min(value, 1), 4) for name, value in values.items()})


def prepare(picture: Picture) -> None:
    """Make the renditions and the colour that are missing."""
    try:
        if not picture.is_svg():
            picture.get_renditions(*picture.specs(), *picture.specs("square"))
        colour = dominant_colour(picture)
    except Unreadable as error:
        log.warning("picture %s cannot be prepared: %s", picture.pk, type(error).__name__)
        colour = ""
    values = {"colour": colour, "colour_hash": picture.get_file_hash()}
    Picture.objects.filter(pk=picture.pk).update(**values)


def dominant_colour(picture: Picture) -> str:
    """The most frequent of a few colours, as #rrggbb."""
    with picture.file.open("rb") as file:
        content = file.read()
    if picture.is_svg():
        content = drawings.png(content, width=SAMPLE)
    with Pillow.open(BytesIO(content)) as opened:
        opened.thumbnail((SAMPLE, SAMPLE))
        pixels = opened.convert("RGBA")
    paper = Pillow.new("RGBA", pixels.size, "white")
    few = Pillow.alpha_composite(paper, pixels).convert("RGB").quantize(COLOURS)
    palette, counts = few.getpalette() or [], few.getcolors() or []
    _count, first = max(counts)
    red, green, blue = palette[first * 3 : first * 3 + 3]  # type: ignore[operator]
    return f"#{red:02x}{green:02x}{blue:02x}"
