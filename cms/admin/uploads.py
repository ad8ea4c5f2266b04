"""Uploaded pictures. What could run or fetch something in a reader's browser is refused by name.

Size, format, broken files and too many pixels are checked by Wagtail's own image field, with the
limits of the settings. A drawing (SVG) is a program for the browser, so it is read here as well:
only shapes, text and styles pass, and every link stays inside the drawing.
"""

import re
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from PIL import Image as PILImage
from wagtail.images.fields import WagtailImageField
from wagtail.images.forms import BaseImageForm
from willow.svg import WillowSvgException

SVG = "http://www.w3.org/2000/svg"
MAX_SVG_BYTES = 1024 * 1024
MAX_ELEMENTS = 10_000

ELEMENTS = frozenset(
    {
        "svg",
        "g",
        "defs",
        "symbol",
        "use",
        "title",
        "desc",
        "metadata",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "text",
        "tspan",
        "textPath",
        "linearGradient",
        "radialGradient",
        "stop",
        "clipPath",
        "mask",
        "pattern",
        "marker",
        "style",
        "switch",
        "filter",
        "feBlend",
        "feColorMatrix",
        "feComponentTransfer",
        "feComposite",
        "feConvolveMatrix",
        "feDropShadow",
        "feDiffuseLighting",
        "feDisplacementMap",
        "feDistantLight",
        "feFlood",
        "feFuncA",
        "feFuncB",
        "feFuncG",
        "feFuncR",
        "feGaussianBlur",
        "feMerge",
        "feMergeNode",
        "feMorphology",
        "feOffset",
        "fePointLight",
        "feSpecularLighting",
        "feSpotLight",
        "feTile",
        "feTurbulence",
    }
)
LEADS_OUT = re.compile(r"url\((?!\s*['\"]?\s*#)|@import|expression\s*\(|\\", re.IGNORECASE)


def refuse_unsafe_drawing(content: bytes) -> None:
    """Raises ValidationError that names what does not belong into a drawing."""
    if len(content) > MAX_SVG_BYTES:
        raise ValidationError(_("This drawing is larger than 1 MB. Simplify it, or export a PNG."))
    try:
        text = content.decode("utf-8-sig")
        root = fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise ValidationError(
            _("This drawing declares entities or a DTD. Export it again as plain SVG.")
        ) from None
    except (ParseError, ValueError):
        raise ValidationError(_("This drawing is broken: it is no well-formed SVG.")) from None
    if "<?xml-stylesheet" in text:
        refuse("xml-stylesheet")
    elements = list(root.iter())
    if len(elements) > MAX_ELEMENTS:
        raise ValidationError(_("This drawing has too many parts. Simplify it, or export a PNG."))
    for element in elements:
        check_element(element)
    refuse_uses_within_uses(elements)


def check_element(element: Element) -> None:
    space, _brace, name = element.tag.rpartition("}")
    if space.removeprefix("{") not in {SVG, ""}:
        # Programs for drawing leave notes in name spaces of their own, which browsers ignore.
        if space.removeprefix("{") == "http://www.w3.org/1999/xhtml":
            refuse(name)
        return
    if name not in ELEMENTS:
        refuse(name)
    if name == "style" and LEADS_OUT.search("".join(element.itertext())):
        refuse("style")
    for attribute, value in element.attrib.items():
        check_attribute(attribute.rpartition("}")[2], value)


def check_attribute(name: str, value: str) -> None:
    leads_out = name == "href" and not value.strip().startswith("#")
    if name.lower().startswith("on") or name == "base" or leads_out or LEADS_OUT.search(value):
        refuse(name)


def refuse_uses_within_uses(elements: list[Element]) -> None:
    """Copies of copies grow without end: ten lines can draw a thousand million shapes."""
    targets = {
        value.strip().removeprefix("#")
        for element in elements
        if element.tag.endswith("}use")
        for name, value in element.attrib.items()
        if name.endswith("href")
    }
    for element in elements:
        if element.get("id") in targets and any(e.tag.endswith("}use") for e in element.iter()):
            refuse("use")


def refuse(what: str) -> None:
    raise ValidationError(
        _(
            "This drawing holds “%(what)s”, which could run or load something in a reader's "
            "browser. Export it again as plain SVG, without scripts, links and embedded files."
        )
        % {"what": what}
    )


class WholeImageField(WagtailImageField):
    """Wagtail looks at the first bytes. A file that ends too early would break every page later."""

    def check_image_pixel_size(self, f: Any) -> None:
        try:
            super().check_image_pixel_size(f)
            if f.image.format_name != "svg":
                f.seek(0)
                with PILImage.open(BytesIO(f.read())) as picture:
                    picture.load()
        except (OSError, SyntaxError, ValueError, WillowSvgException) as error:
            raise ValidationError(
                self.error_messages["invalid_image"], code="invalid_image"
            ) from error
        finally:
            f.seek(0)


class PictureForm(BaseImageForm):
    """For the admin, its choosers and the API alike: `WAGTAILIMAGES_IMAGE_FORM_BASE`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hints = {
            "description": _(
                "What a person who cannot see the picture needs to know. Pages show it where they "
                "use the picture; the drawing of an exercise cannot be published without it."
            ),
            "author": _("Who made it."),
            "licence": _("What allows us to show it, for example CC BY 4.0."),
        }
        for name in hints.keys() & self.fields.keys():
            self.fields[name].help_text = hints[name]
        if "file" in self.fields:
            field = self.fields["file"]
            self.fields["file"] = WholeImageField(
                required=field.required, label=field.label, widget=field.widget
            )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if "file" in self.changed_data and file and file.name.lower().endswith(".svg"):
            file.seek(0)
            refuse_unsafe_drawing(file.read(MAX_SVG_BYTES + 1))
            file.seek(0)
        return file

    class Meta(BaseImageForm.Meta):
        widgets = {
            **BaseImageForm.Meta.widgets,
            "description": forms.Textarea(attrs={"rows": 2}),
        }
