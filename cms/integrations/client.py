"""Who asks: the address of the visitor, as far as it can be trusted."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

NETWORK_BITS = 64  # one household or server has that many IPv6 addresses to itself
NOBODY = "0.0.0.0"  # noqa: S104, a request over a local socket has no address


def address(request: HttpRequest) -> str:
    """The visitor's address; what stands in X-Forwarded-For counts only where our proxies wrote it.

    Each proxy adds on the right whom it talked to, so of N trusted ones the Nth from the right is
    the last that was not invented. A list that is too short did not come through all of them.
    """
    remote = request.META.get("REMOTE_ADDR", "")
    hops = settings.TRUSTED_PROXIES
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    named = forwarded[-hops].strip() if 0 < hops <= len(forwarded) else remote
    return plain(named) or plain(remote) or NOBODY


def network(request: HttpRequest) -> str:
    """What to count a visitor by: the IPv4 address, or the IPv6 network that it belongs to."""
    return network_of(address(request))


@lru_cache(maxsize=10_000)
def network_of(address: str) -> str:
    found = ip_address(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Address(int(found) >> NETWORK_BITS << NETWORK_BITS))
    return str(found)


@lru_cache(maxsize=10_000)
def plain(text: str) -> str:
    """An address without brackets, port or zone, or nothing if it is none."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(found, "ipv4_mapped", None) or found)
