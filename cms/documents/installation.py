"""What the installation is set to, as far as documents show it.

The name of such a source says the value as well: settings change by a restart, and no signal tells
of that, but a look at the rows finds the documents that were made from another value.
"""

from hashlib import sha256

from django.conf import settings
from wagtail.models import Site

from cms.models import Source, front_end

PREFIX = "setting:"
MARK_LENGTH = 12


def addresses() -> str:
    """Where we are and our files lie: every picture, link to a signup and JSON-LD has it."""
    return named("addresses", settings.SITE_URL, settings.MEDIA_URL)


def practice() -> str:
    return named("practice", settings.PRACTICE_NAME, settings.PRACTICE_ADDRESS)


def front_end_of(site_id: int) -> str:
    """Where readers meet the pages of a site: absolute addresses of pages lead there."""
    client = front_end.of_site(site_id)
    return named(f"front-end-{site_id}", client.origin if client else "")


def named(what: str, *values: str) -> str:
    mark = sha256("\n".join(values).encode()).hexdigest()[:MARK_LENGTH]
    return f"{PREFIX}{what}:{mark}"


def current() -> set[str]:
    sites = Site.objects.values_list("pk", flat=True)
    return {addresses(), practice(), *map(front_end_of, sites)}


def behind() -> set[int]:
    """Pages with documents that were made from other settings than there are now."""
    rows = Source.objects.filter(name__startswith=PREFIX).exclude(name__in=current())
    return set(rows.values_list("document__page_id", flat=True))
