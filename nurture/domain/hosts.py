"""What a host name says about where it leads."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_near(host: str) -> bool:
    """Whether what goes to this host stays on this machine or on its container network."""
    return is_loopback(host) or "." not in host
