"""Header lines as bytes. The library's own are correct and slow, so it only sees what needs it."""

from email.policy import SMTP
from functools import lru_cache

# RFC 2045: a quoted-printable line has at most 76 characters; the library would take 78.
LONGEST_LINE = 76
POLICY = SMTP.clone(max_line_length=LONGEST_LINE)


def line(name: str, value: str) -> bytes:
    """One folded and encoded header. Raises `ValueError` for a value with control characters."""
    if not value.isprintable():
        raise ValueError(f"{name} has a control character")
    if value.isascii() and len(name) + len(value) + 2 <= LONGEST_LINE:
        return f"{name}: {value}\r\n".encode()
    return folded(name, value)


@lru_cache(maxsize=1_024)
def folded(name: str, value: str) -> bytes:
    """As the library folds it; most values that need it are the same for many mails."""
    return bytes(POLICY.fold_binary(name, POLICY.header_factory(name, value)))


def unfolded(name: str, value: str, *, beyond_ascii: bool = False) -> bytes:
    """One line of any length: some signers and readers stumble over a folded address.

    `beyond_ascii`: as it is (RFC 6532), for what only goes out by SMTPUTF8.
    """
    if not (value.isprintable() and (beyond_ascii or value.isascii())):
        raise ValueError(f"{name} is not plain")
    return f"{name}: {value}\r\n".encode()
