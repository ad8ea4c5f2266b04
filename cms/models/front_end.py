"""Where readers meet the pages: on the practice's own front end, or on the pages built in here."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting
from wagtail.models import Page

from cms.openness import Openness

REMEMBER_SECONDS = 10.0  # other processes notice a changed setting after this


@register_setting(icon="desktop", order=700)
class FrontEnd(BaseSiteSetting):
    """What a site says against `HEADLESS_CLIENT_URL`. Without that setting nobody asks here."""

    url = models.URLField(
        _("address of the front end"),
        max_length=300,
        blank=True,
        help_text=_("Scheme and host. Empty: the one that the installation is set to."),
    )
    preview_path = models.CharField(
        _("path of its preview"),
        max_length=200,
        blank=True,
        validators=[RegexValidator(r"^/[\w./-]*$", _("A path begins with / and has no query."))],
        help_text=_("Where it shows drafts. Empty: the one that the installation is set to."),
    )
    built_in = models.BooleanField(
        _("this site has no front end"),
        default=False,
        help_text=_("Its pages are shown by the CMS itself."),
    )

    panels = ["url", "preview_path", "built_in"]

    class Meta:
        verbose_name = _("front end")

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        forget()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        deleted: tuple[int, dict[str, int]] = super().delete(*args, **kwargs)
        forget()
        return deleted


@dataclass(frozen=True, slots=True)
class Client:
    """A front end as one site has it. `origin` is scheme and host, without a slash at the end."""

    origin: str
    preview_path: str


class Remembered:
    """The rows of all sites, since every link of a page asks."""

    until = 0.0
    rows: dict[int, FrontEnd] = {}


def forget() -> None:
    """Ask for the rows again. Other processes go on for a while with what they know."""
    Remembered.until = 0.0


def of_site(site_id: int) -> Client | None:
    """None where the CMS shows the pages itself, which costs no query if no front end is set."""
    if not settings.HEADLESS_CLIENT_URL:
        return None
    now = time.monotonic()
    if now >= Remembered.until:
        Remembered.rows = {row.site_id: row for row in FrontEnd.objects.all()}
        Remembered.until = now + REMEMBER_SECONDS
    row = Remembered.rows.get(site_id)
    if row is None:
        return Client(settings.HEADLESS_CLIENT_URL, settings.HEADLESS_PREVIEW_PATH)
    if row.built_in:
        return None
    return Client(
        (row.url or settings.HEADLESS_CLIENT_URL).rstrip("/"),
        row.preview_path or settings.HEADLESS_PREVIEW_PATH,
    )


# How a draft is shown on a front end. `cms.preview` stands above the models and sets it.
Respond = Callable[[Any, HttpRequest, Client], HttpResponse | None]


class Preview:
    respond: Respond | None = None


class OnFrontEnd(Page):
    """A page whose address, preview and visitors lead to the front end, where there is one."""

    class Meta:
        abstract = True

    @cached_property
    def openness(self) -> Openness:
        """What of other pages this one may show."""
        return Openness()

    def get_url_parts(self, request: Any = None) -> Any:
        parts = super().get_url_parts(request)
        client = of_site(parts[0]) if parts and parts[2] else None
        return (parts[0], client.origin, parts[2]) if client else parts

    def get_url(self, request: Any = None, current_site: Any = None) -> Any:
        """Always with the host: the front end is another one than that of the admin."""
        if settings.HEADLESS_CLIENT_URL:
            parts = self.get_url_parts(request)
            if parts and parts[2] and of_site(parts[0]):
                return f"{parts[1]}{parts[2]}"
        return super().get_url(request, current_site)

    def serve(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Visitors who come here are sent on, unless the front end stands before us as a proxy."""
        address = self.get_url(request) if settings.HEADLESS_CLIENT_URL else None
        if address and urlsplit(address).netloc not in {"", request.get_host()}:
            return HttpResponseRedirect(address)
        return super().serve(request, *args, **kwargs)

    def serve_preview(self, request: Any, mode_name: str) -> Any:
        """The draft on the front end; built-in where there is none or it cannot show this."""
        parts = self.get_url_parts() if settings.HEADLESS_CLIENT_URL else None
        client = of_site(parts[0]) if parts else None
        response = Preview.respond(self, request, client) if client and Preview.respond else None
        return response or super().serve_preview(request, mode_name)
