"""An authority of the tests' own, trusted as an operator trusts one: by the environment."""

import ssl
from functools import lru_cache
from pathlib import Path

import pytest
import trustme

from nurture.mail import smtp


def trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """As in a new process. requests has a list of its own, and heeds a name of its own."""
    monkeypatch.setattr(smtp, "tls", lru_cache(maxsize=1)(ssl.create_default_context))
    authority = trustme.CA()
    file = folder / "authority.pem"
    authority.cert_pem.write_to_path(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    return authority


def server(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    """What a server needs that this authority vouches for under this name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context
