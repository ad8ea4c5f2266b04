"""Which addresses a server of ours may call for somebody else. Plain Python.

Only the public internet: a webhook must not become a way into the network behind the firewall.
"""

import socket
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

WEB_PORTS = frozenset({80, 443})
FIRST_USER_PORT = 1024  # below it live mail, SSH and other servers that a request could confuse


class Refused(ValueError):
    """The address is not one that we call. The text says why, without the address."""


def check_url(url: str, *, internal_hosts: list[str]) -> None:
    """Raises `Refused` for what can be seen without asking the DNS."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("not an address") from None
    host = parts.hostname or ""
    if not url.isascii() or not host:
        raise Refused("write the address in plain letters")
    if parts.username is not None or parts.password is not None:
        raise Refused("no user name or password in an address, please")
    if host in internal_hosts and parts.scheme in {"http", "https"}:
        return
    if parts.scheme != "https":
        raise Refused("must begin with https://")
    if port is not None and port not in WEB_PORTS and port < FIRST_USER_PORT:
        raise Refused("no web server has this port")
    if not is_name_or_public(host):
        raise Refused("not on the public internet")


def is_name_or_public(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return "." in host.rstrip(".")  # a name without a dot is one of the local network
    return is_public(host)


def resolve(host: str, port: int, *, internal_hosts: list[str]) -> list[str]:
    """The addresses of a host, asked for once. Raises `Refused` if any of them is not public.

    Not only the first: a name with a public and a private address is a trick. What this returns is
    what must be connected to, since a second question may get another answer.
    """
    found = [str(item[4][0]) for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    addresses = list(dict.fromkeys(found))
    if host not in internal_hosts and not all(is_public(address) for address in addresses):
        raise Refused("not on the public internet")
    return addresses


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, whatever it is wrapped in."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return is_public(str(found.ipv4_mapped))
        if found.sixtofour or found.teredo or found.is_site_local:
            return False
    special = found.is_multicast or found.is_reserved or found.is_unspecified
    return found.is_global and not special
