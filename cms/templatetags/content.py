"""What the page templates ask for."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import to_locale
from wagtail.models import Page, Site

from cms import languages, schema_org
from cms import structured_data as data_of
from cms.blocks import ACTIONS
from cms.models import Picture

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation(context: dict[str, Any]) -> list[Page]:
    """The top pages that editors put into menus; none where there is no site yet."""
    request: HttpRequest | None = context.get("request")
    site = Site.find_for_request(request) if request else None
    home = site.root_page.localized if site else None
    return list(home.get_children().live().public().in_menu()) if home else []


@register.simple_tag(takes_context=True)
def language_versions(context: dict[str, Any]) -> list[languages.Version]:
    """The page in all its languages; empty if it is there in one only."""
    found = languages.versions(context["page"], context.get("request"))
    return found if len(found) > 1 else []


@register.simple_tag(takes_context=True)
def language_choices(context: dict[str, Any]) -> list[languages.Choice]:
    """For the switcher. A page that is not to be found leads to the home pages."""
    request: HttpRequest | None = context.get("request")
    return languages.choices(request, context.get("page")) if request else []


@register.simple_tag
def breadcrumbs(page: Page) -> list[Page]:
    """The pages above this one, from the home page down."""
    path = getattr(page, "path", "")  # none on pages that are not of the tree
    return list(page.get_ancestors().live().filter(depth__gt=1)) if path else []


@register.simple_tag
def structured_data(page: Page, above: list[Page]) -> SafeString:
    """What the page is, for machines. Browsers run none of it."""
    data = schema_org.script_safe(data_of.of(page, above=above))
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(data))  # noqa: S308


@register.inclusion_tag("cms/includes/picture.html")
def picture(
    image: Picture | None,
    *,
    sizes: str = "",
    shape: str = "whole",
    lazy: bool = True,
    decorative: bool = False,
    fallback: str = "",
) -> dict[str, Any]:
    """A picture with its size, so that the page does not jump, in the formats that there are.

    `sizes` tells the browser how wide it will be, as the attribute of that name does. The words for
    those who cannot see it are those of the picture or its place, else the `fallback`.
    """
    if image is None:
        return {"shown": None}
    alt = "" if decorative else image.alternative
    if not (alt or decorative or getattr(image, "decorative", False)):
        alt = fallback
    return {"shown": image.shown(shape), "alt": alt, "lazy": lazy, "sizes": sizes}


@register.simple_tag
def shared_picture(page: Page) -> dict[str, Any] | None:
    """What stands for a page where somebody shares its address; None for the practice's own."""
    image: Picture | None = getattr(page, "drawing", None) or getattr(page, "photo", None)
    if image is None:
        return None
    rendition = image.shared
    return {
        "url": urljoin(settings.SITE_URL, rendition.url),
        "width": rendition.width,
        "height": rendition.height,
        "alt": image.description,
    }


@register.filter
def as_locale(language: str) -> str:
    """As Open Graph writes a language: en_US, es."""
    return to_locale(language)


@register.filter
def by_action(red_flags: Iterable[Any]) -> list[dict[str, Any]]:
    """Red flags in groups, the most urgent first; empty groups are left out."""
    flags = [block.value for block in red_flags]
    groups = [
        {
            "action": action,
            "label": label,
            "signs": [flag["sign"] for flag in flags if flag["action"] == action],
        }
        for action, label in ACTIONS
    ]
    return [group for group in groups if group["signs"]]


@register.filter
def section_about(sections: Iterable[Any], aspect: str) -> Any:
    """The first section about this aspect of health, or None."""
    return next((block.value for block in sections if block.value["aspect"] == aspect), None)
