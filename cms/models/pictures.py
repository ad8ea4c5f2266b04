from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.images.models import AbstractImage, AbstractRendition
from wagtail.images.models import Image as WagtailImage

PAGE_FILTER = "max-960x960"
THUMBNAIL_FILTER = "max-192x128"


class Picture(AbstractImage):
    """A picture with what the law and a screen reader need: licence, author, description."""

    author = models.CharField(_("author"), max_length=200, blank=True)
    licence = models.CharField(_("licence"), max_length=200, blank=True)

    # The dominant colour, and of which file it is.
    colour = models.CharField(max_length=7, blank=True, editable=False)
    colour_hash = models.CharField(max_length=40, blank=True, editable=False)

    admin_form_fields = (*WagtailImage.admin_form_fields, "author", "licence")

    @property
    def shown(self) -> dict[str, Any]:
        """Address and size for a page: a drawing as it is, a photo no wider than is needed."""
        if self.is_svg():
            return {"url": self.file.url, "width": self.width, "height": self.height}
        rendition = self.get_rendition(PAGE_FILTER)
        return {"url": rendition.url, "width": rendition.width, "height": rendition.height}

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
    """Load the renditions of many pictures at once; `path` leads to the picture."""
    return models.Prefetch(f"{path}__renditions", to_attr="prefetched_renditions")
