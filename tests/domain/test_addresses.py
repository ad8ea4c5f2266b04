"""Addresses: one recipient or none, and no trick in between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.domain import addresses
from nurture.domain.addresses import BadAddress

KEY = "a key of the installation"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("anna@example.org", "anna@example.org"),
        ("  anna@example.org\n", "anna@example.org"),
        ("Anna.Maria+mail@EXAMPLE.org", "Anna.Maria+mail@example.org"),
        ("o'neil@example.org", "o'neil@example.org"),
        ("anna@bücher.example.org", "anna@xn--bcher-kva.example.org"),
    ],
)
def test_an_address_is_stored_as_mail_servers_take_it(text: str, address: str) -> None:
    parsed = addresses.parse(text)

    assert parsed == address


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("anna", id="no domain"),
        pytest.param("@example.org", id="no local part"),
        pytest.param("anna@localhost", id="no public domain"),
        pytest.param('"a@b"@example.org', id="quoted local part"),
        pytest.param('"anna"@example.org', id="quoted for no reason"),
        pytest.param("a@example.org,c@example.com", id="two, with a comma"),
        pytest.param("a@example.org;c@example.com", id="two, with a semicolon"),
        pytest.param("a@example.org c@example.com", id="two, with a space"),
        pytest.param("a@example.org\nc@example.com", id="two lines"),
        pytest.param("a@example.org\r\nRCPT TO:<c@example.com>", id="an SMTP command"),
        pytest.param("a\r\nBcc: c@example.com@example.org", id="a header"),
        pytest.param("Anna <anna@example.org>", id="with a name"),
        pytest.param("anna(comment)@example.org", id="comment"),
        pytest.param("anna@[127.0.0.1]", id="address literal"),
        pytest.param("anna@127.0.0.1", id="number for a domain"),
        pytest.param("ann\x00a@example.org", id="NUL"),
        pytest.param("anna@example.org\x00", id="NUL at the end"),
        pytest.param("ä@example.org", id="local part that few relays carry"),
        pytest.param("а@example.org", id="Cyrillic a"),
        pytest.param("a@b@example.org", id="two at signs"),
        pytest.param("a..b@example.org", id="two dots"),
        pytest.param(f"{'a' * 65}@example.org", id="long local part"),
        pytest.param(f"a@{'b' * 64}.org", id="long label"),
        pytest.param(f"{'a' * 10_000}@example.org", id="10 kB"),
    ],
)
def test_what_is_not_exactly_one_plain_address_is_refused(text: str) -> None:
    with pytest.raises(BadAddress, match=r"\S"):
        addresses.parse(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("jürgen@example.org", "jürgen@example.org"),
        ("ju\u0308rgen@EXAMPLE.org", "jürgen@example.org"),
        ("用户@bücher.example.org", "用户@xn--bcher-kva.example.org"),
        ("anna@bücher.example.org", "anna@xn--bcher-kva.example.org"),
    ],
)
def test_letters_beyond_ascii_are_kept_where_a_relay_can_write_them(
    text: str, address: str
) -> None:
    parsed = addresses.parse(text, beyond_ascii=True)

    assert parsed == address
    assert addresses.wire(parsed) == address


@pytest.mark.parametrize("hidden", ["\u202e", "\u2028", "\u00a0", "\u0085", "\u200b", "\ud800"])
def test_what_cannot_be_seen_is_no_part_of_an_address(hidden: str) -> None:
    with pytest.raises(BadAddress):
        addresses.parse(f"j{hidden}ü@example.org", beyond_ascii=True)
    with pytest.raises(BadAddress):
        addresses.wire(f"j{hidden}ü@example.org")


@given(st.text(max_size=80))
def test_nor_is_there_a_second_recipient_beyond_ascii(text: str) -> None:
    try:
        parsed = addresses.parse(text, beyond_ascii=True)
    except BadAddress:
        return

    assert addresses.wire(parsed).count("@") == 1
    assert parsed.isprintable()
    assert parsed.rpartition("@")[2].isascii()
    assert not set(parsed) & set(' \t\r\n,;<>"()[]\x00')


def test_what_sounds_the_same_is_still_another_mailbox() -> None:
    assert addresses.canonical("straße@example.org") != addresses.canonical("strasse@example.org")
    assert addresses.canonical("JÜRGEN@example.org") == addresses.canonical("jürgen@example.org")


@given(st.text(max_size=80))
def test_no_text_whatever_becomes_more_than_one_recipient(text: str) -> None:
    try:
        parsed = addresses.parse(text)
    except BadAddress:
        return

    assert parsed.count("@") == 1
    assert parsed.isascii()
    assert not set(parsed) & set(' \t\r\n,;<>"()[]\x00')


@pytest.mark.parametrize("same", ["ANNA@example.org", "Anna@Example.Org"])
def test_case_does_not_make_another_person(same: str) -> None:
    first = addresses.canonical("anna@example.org")

    second = addresses.canonical(same)

    assert first == second


@pytest.mark.parametrize("other", ["an.na@example.org", "anna+1@example.org"])
def test_dots_and_plus_signs_make_another_person(other: str) -> None:
    first = addresses.canonical("anna@example.org")

    second = addresses.canonical(other)

    assert first != second


def test_an_address_is_remembered_by_a_hash_that_needs_our_key() -> None:
    ours = addresses.keyed_hash("anna@example.org", key=KEY)

    theirs = addresses.keyed_hash("anna@example.org", key="another key")

    assert ours == addresses.keyed_hash("ANNA@example.org", key=KEY)
    assert ours != theirs
    assert len(ours) == 64
    assert "anna" not in ours
