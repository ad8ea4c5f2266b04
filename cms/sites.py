"""The address of the site, as the settings have it. Wagtail keeps it in a row of its own."""

from urllib.parse import urlsplit

from django.conf import settings
from wagtail.models import Site

PORTS = {"http": 80, "https": 443}


def host_and_port() -> tuple[str, int]:
    """Those of `SITE_URL`. Behind a proxy they are what a visitor's browser shows."""
    url = urlsplit(settings.SITE_URL)
    return url.hostname or "", url.port or PORTS[url.scheme]


def follow_settings() -> None:
    """Let the default site have the address of the installation, which every link is made from."""
    site = Site.objects.filter(is_default_site=True).first()
    if site is not None and (site.hostname, site.port) != host_and_port():
        site.hostname, site.port = host_and_port()
        site.save()
