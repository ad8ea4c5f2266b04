"""What shows an exercise beside its drawing: pictures from several sides, and films elsewhere."""

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageBlock

from cms.dosage import length
from cms.prose import ProseBlock

PREVIEWS = "cms/blocks/previews"

VIEWS = [
    ("front", _("From the front")),
    ("side", _("From the side")),
    ("back", _("From behind")),
    ("above", _("From above")),
    ("close_up", _("Close up")),
]


class MediaPictureBlock(blocks.StructBlock):
    """Another picture of the movement. Its author and licence belong to the picture itself."""

    picture = ImageBlock(label=_("Picture"), help_text=_("Describe what the picture shows."))
    view = blocks.ChoiceBlock(choices=VIEWS, required=False, label=_("View"))

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if not self.is_deferred_validation and cleaned["picture"].decorative:
            error = ValidationError(_("This picture informs. Describe what it shows."))
            raise blocks.StructBlockValidationError(block_errors={"picture": error})
        return cleaned

    def get_context(self, value: Any, parent_context: dict[str, Any] | None = None) -> Any:
        context = super().get_context(value, parent_context=parent_context)
        return {**context, "view": dict(VIEWS).get(value["view"], "")}

    class Meta:
        icon = "image"
        template = "cms/blocks/media_picture.html"
        label = _("Picture")
        label_format = "{view}"
        description = _("Another picture of the movement, for example from behind.")
        preview_template = f"{PREVIEWS}/media_picture.html"
        preview_value = {"picture": None, "view": "side"}


class FilmBlock(blocks.StructBlock):
    """A film that lies elsewhere. The page leads to it and loads nothing from there."""

    title = blocks.CharBlock(max_length=120, label=_("Title"))
    address = blocks.URLBlock(
        max_length=500,
        label=_("Web address"),
        help_text=_("Where the film is watched. Readers are told that they leave our pages."),
    )
    view = blocks.ChoiceBlock(choices=VIEWS, required=False, label=_("View"))
    seconds = blocks.IntegerBlock(
        required=False, min_value=1, max_value=7_200, label=_("Length (seconds)")
    )
    description = blocks.TextBlock(
        max_length=400,
        rows=2,
        label=_("What it shows"),
        help_text=_("For people who cannot see it."),
    )
    transcript = ProseBlock(
        max_length=10_000,
        label=_("Transcript"),
        help_text=_("What is said, and what happens while nobody speaks."),
    )
    author = blocks.CharBlock(max_length=200, label=_("Author"))
    licence = blocks.CharBlock(
        max_length=200,
        label=_("Licence"),
        help_text=_("What allows us to lead people there: our own, CC BY 4.0, a permission."),
    )

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if not self.is_deferred_validation and urlsplit(cleaned["address"]).scheme != "https":
            error = ValidationError(_("The address must begin with https://."))
            raise blocks.StructBlockValidationError(block_errors={"address": error})
        return cleaned

    def get_context(self, value: Any, parent_context: dict[str, Any] | None = None) -> Any:
        context = super().get_context(value, parent_context=parent_context)
        host = urlsplit(value["address"] or "").hostname or ""
        return {**context, "host": host, "length": length(value["seconds"] or 0)}

    class Meta:
        icon = "media"
        template = "cms/blocks/film.html"
        label = _("Film")
        label_format = "{title}"
        description = _("A film on another site, with its transcript on ours.")
        preview_template = f"{PREVIEWS}/film.html"
        preview_value = {
            "title": _("Glute bridge, from the side"),
            "address": "https://example.org/glute-bridge",
            "view": "side",
            "seconds": 45,
            "description": _("A person lifts the hips and lowers them again, three times."),
            "transcript": "<p>Press through your heels. Breathe out on the way up.</p>",
            "author": "Larkfield Physical Therapy",
            "licence": "CC BY 4.0",
        }


class MediaBlock(blocks.StreamBlock):
    picture = MediaPictureBlock()
    film = FilmBlock()

    class Meta:
        max_num = 8
