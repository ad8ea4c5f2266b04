"""Mail addresses: what is one, when two are the same, and how one is remembered after erasure."""

import hashlib
import hmac
import re

from email_validator import EmailNotValidError, validate_email

MAXIMUM_LENGTH = 254
# What separates, quotes or comments in a list of addresses. What cannot be seen is refused as well.
SEPARATES = r"\x00-\x20\x7f<>()\[\]\\,;:\"@"
PLAIN = re.compile(rf"[^{SEPARATES}]+@[^\x80-\U0010ffff{SEPARATES}]+")


class BadAddress(ValueError):
    """Not an address that mail can go to. The text says what is wrong with it."""


def parse(text: str, *, beyond_ascii: bool = False) -> str:
    """The address as a relay takes it: its domain in ASCII and in normal form.

    Raises `BadAddress`. Quoted local parts, comments and address literals are refused: nobody
    signs up with one, and each is a way to smuggle a second recipient. So is a local part beyond
    ASCII, unless the relay is known to have SMTPUTF8 (`beyond_ascii`).
    """
    candidate = text.strip()
    if len(candidate) > MAXIMUM_LENGTH:
        raise BadAddress(f"An address has at most {MAXIMUM_LENGTH} characters.")
    try:
        valid = validate_email(
            candidate, check_deliverability=False, allow_smtputf8=beyond_ascii, strict=True
        )
    except EmailNotValidError as error:
        raise BadAddress(str(error)) from None
    if valid.ascii_email is not None:
        return valid.ascii_email
    if beyond_ascii:
        return f"{valid.local_part}@{valid.ascii_domain}"
    raise BadAddress("This address has letters that our mail server cannot write.")


def canonical(address: str) -> str:
    """What makes two addresses the same person: all in lower case, nothing cleverer.

    Dots and plus signs stay, since only the receiving provider knows what they mean. Nor is
    anything folded beyond case: `straße` and `strasse` are two mailboxes.
    """
    return address.lower()


def mailbox(address: str) -> tuple[str, str]:
    """The name and the domain that an address most likely belongs to, whatever is put after a plus
    sign or between dots. Only to bound floods: see `canonical` for who is who."""
    name, _at, domain = canonical(address).rpartition("@")
    return name.partition("+")[0].replace(".", ""), domain


def wire(address: str) -> str:
    """The address itself, certainly exactly one.

    Raises `BadAddress` for what a relay would read as something else, as in a row edited by hand.
    """
    if not (PLAIN.fullmatch(address) and address.isprintable()):
        raise BadAddress("not one plain address")
    return address


def keyed_hash(address: str, *, key: str) -> str:
    """HMAC-SHA-256 of the canonical address, in hex. A plain hash of an address is guessable."""
    return hmac.new(key.encode(), canonical(address).encode(), hashlib.sha256).hexdigest()
