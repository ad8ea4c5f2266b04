"""An authority of the tests' own, trusted as an operator trusts one: by the environment."""

import ssl
from pathlib import Path

import pytest
import trustme


def trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Heeded by the standard library, and by requests, which has a list of its own otherwise."""
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
