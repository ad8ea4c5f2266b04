from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.images.models import AbstractImage, AbstractRendition, Filter
from wagtail.images.models import Image as WagtailImage

from cms import drawings, photos

THUMBNAIL_FILTER = "max-192x128"

# What a photo is offered in, the best first. No photo is blown up.
FORMATS = {"avif": "image/avif", "webp": "image/webp", "jpeg": "image/jpeg"}
BETTER = ("avif", "webp")  # than what the photo itself may be
WIDTHS = (480, 960, 1440)
SQUARES = (320, 640)  # around the focal point
SHAPES = {"whole": "width-960", "square": "fill-640x640"}  # and what is shown without a better one
# Where links to a page are shown, nobody takes an SVG.
SHARED_DRAWING, SHARED_PHOTO = "width-1200|format-png", "fill-1200x630|format-jpeg"


class Picture(AbstractImage):
    """A picture with what the law and a screen reader need: licence, author, description."""

    author = models.CharField(_("author"), max_length=200, blank=True)
    licence = models.CharField(_("licence"), max_length=200, blank=True)

    # The dominant colour, and of which file it is.
    colour = models.CharField(max_length=7, blank=True, editable=False)
    colour_hash = models.CharField(max_length=40, blank=True, editable=False)

    admin_form_fields = (*WagtailImage.admin_form_fields, "author", "licence")

    @property
    def credit(self) -> str:
        """Who made it and what allows us to show it."""
        return ", ".join(filter(None, [self.author, self.licence]))

    @property
    def alternative(self) -> str:
        """What a screen reader says: the words of the place where it stands, or its own."""
        if getattr(self, "decorative", False):
            return ""
        return str(getattr(self, "contextual_alt_text", None) or self.description)

    def shown(self, shape: str = "whole") -> dict[str, Any]:
        """Address and size for a page, and `sources` in better formats: a drawing as it is.

        Sources that nobody has made yet are left out. `cms.documents` makes them.
        """
        if self.is_svg():
            return {"url": self.file.url, "width": self.width, "height": self.height, "sources": []}
        fallback = self.get_rendition(self.fallback(shape))
        return {
            "url": fallback.url,
            "width": fallback.width,
            "height": fallback.height,
            "sources": self.sources(shape),
        }

    def sources(self, shape: str) -> list[dict[str, Any]]:
        """For each better format its type and its files, from narrow to wide, each width once."""
        filters = {Filter(spec=spec): form for spec, form in self.specs(shape).items()}
        found = self.find_existing_renditions(*filters)
        sources = []
        for form in BETTER:
            made = [found[f] for f, of in filters.items() if of == form and f in found]
            files = {file.width: {"url": file.url, "width": file.width} for file in made}
            if files:
                sources.append({"type": FORMATS[form], "files": list(files.values())})
        return sources

    def specs(self, shape: str = "whole") -> dict[str, str]:
        """Filter to format, from the best format to the one that everybody reads."""
        sizes = [f"width-{width}" for width in sorted({min(w, self.width) for w in WIDTHS})]
        if shape == "square":
            sizes = [f"fill-{side}x{side}" for side in SQUARES]
        return {f"{size}|format-{form}": form for form in FORMATS for size in sizes}

    def has(self, specs: Iterable[str]) -> bool:
        filters = [Filter(spec=spec) for spec in specs]
        return len(self.find_existing_renditions(*filters)) == len(filters)

    def fallback(self, shape: str) -> str:
        """Every browser of the last years shows WebP; not all show AVIF."""
        is_avif = PurePosixPath(self.file.name).suffix.lower() == ".avif"
        return SHAPES[shape] + ("|format-webp" if is_avif else "")

    @property
    def shared(self) -> Any:
        """A rendition for previews of links, made when it is first asked for."""
        return self.get_rendition(SHARED_DRAWING if self.is_svg() else SHARED_PHOTO)

    def generate_rendition_file(self, filter: Filter, *, source: Any = None) -> Any:  # noqa: A002
        """Wagtail's own way cannot turn a drawing into pixels, and lets a JPEG tell where it was
        taken."""
        if self.is_svg() and filter.spec == SHARED_DRAWING:
            return self._pixels(filter)
        made = super().generate_rendition_file(filter, source=source)
        with made:
            made.seek(0)
            return ContentFile(photos.without_notes(made.read()), name=made.name)

    def _pixels(self, wanted: Filter) -> Any:
        width = int(wanted.spec.partition("|")[0].removeprefix("width-"))
        with self.open_file() as file:
            content = drawings.png(file.read(), width=width)
        return ContentFile(content, name=f"{PurePosixPath(self.file.name).stem[:40]}.{width}.png")

    @property
    def thumbnail(self) -> str:
        """The address of a small version, for lists in the admin."""
        url: str = self.file.url if self.is_svg() else self.get_rendition(THUMBNAIL_FILTER).url
        return url


class Rendition(AbstractRendition):
    image = models.ForeignKey(Picture, on_delete=models.CASCADE, related_name="renditions")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["image", "filter_spec", "focal_point_key"], name="one_rendition_per_filter"
            ),
        )


def refuse_undescribed(page: Any, field: str) -> None:
    """A picture that informs needs its description before the page is published."""
    picture = getattr(page, field)
    if page.checked_as_draft or picture is None or picture.description.strip():
        return
    raise ValidationError(
        {field: _("This picture has no description. Edit the picture and write one.")}
    )


def renditions_of(path: str) -> "models.Prefetch[Any]":
    """Load the renditions of many pictures at once; `path` leads to them if they hang on others."""
    lookup = f"{path}__renditions" if path else "renditions"
    return models.Prefetch(lookup, to_attr="prefetched_renditions")
