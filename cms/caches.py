"""Frontend cache back ends that can purge by surrogate key; for `WAGTAILFRONTENDCACHE`."""

import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from django.conf import settings
from wagtail.contrib.frontend_cache.backends.cloudflare import CloudflareBackend
from wagtail.contrib.frontend_cache.backends.http import HTTPBackend, PurgeRequest

log = logging.getLogger(__name__)

SECONDS = 10
TAGS_AT_ONCE = 30  # Cloudflare's limit
CLOUDFLARE = "https://api.cloudflare.com/client/v4/zones/{zone}/purge_cache"


class KeyedHTTPBackend(HTTPBackend):
    """Varnish with its xkey module, or whatever takes PURGE with the keys in a header.

    `KEY_HEADER` is that header, by default the one that answers carry.
    """

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.header = params.get("KEY_HEADER") or settings.API_SURROGATE_HEADER or "xkey"

    def purge_keys(self, keys: list[str]) -> None:
        url = f"{self.cache_scheme}://{self.cache_netloc}/"
        host = urlsplit(settings.SITE_URL).netloc
        send(PurgeRequest(url, headers={"Host": host, self.header: " ".join(keys)}))


class KeyedCloudflareBackend(CloudflareBackend):
    """Cloudflare, which calls the keys cache tags. Needs `BEARER_TOKEN` and `ZONEID`."""

    def purge_keys(self, keys: list[str]) -> None:
        for tags in in_parts(keys, TAGS_AT_ONCE):
            send(
                Request(  # noqa: S310 - our own constant
                    CLOUDFLARE.format(zone=self.cloudflare_zoneid),
                    data=json.dumps({"tags": tags}).encode(),
                    headers={
                        "Authorization": f"Bearer {self.cloudflare_token}",
                        "Content-Type": "application/json",
                    },
                    method="POST",
                )
            )


def in_parts(keys: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def send(request: Request) -> None:
    """A cache that is away must not keep the others from being told."""
    try:
        with urlopen(request, timeout=SECONDS):  # noqa: S310 - the address is a setting
            pass
    except (URLError, OSError) as error:
        log.warning("a cache could not be told to forget: %s", type(error).__name__)
