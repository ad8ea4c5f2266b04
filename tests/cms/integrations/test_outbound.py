"""A webhook never becomes a way into the network behind the firewall."""

import socket
from typing import Any

import pytest
from pytest_django import Settings

from cms.integrations import addresses, outbound
from cms.integrations.addresses import Refused
from tests.cms.integrations.receiver import Receiver, answers

PUBLIC = "93.184.215.14"
INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "fc00::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not addresses.is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_a_public_address_is_called(address: str) -> None:
    assert addresses.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "gopher://hooks.example.org/",
        "file:///etc/passwd",
        "ftp://hooks.example.org/",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://127.0.0.1/",
        "https://0/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://localhost/",
        "https://redis:6379/",
        "https://user:password@hooks.example.org/",
        "https://hooks.example.org:25/",
        "https://hooks.example.org:99999/",
        "https://[::1/",
        "https://hööks.example.org/",
        "nonsense",
        "",
    ],
)
def test_what_can_be_seen_in_an_address_is_refused_without_asking_the_dns(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: pytest.fail("asked the DNS"))

    with pytest.raises(Refused):
        addresses.check_url(url, internal_hosts=[])
    assert outbound.post(url, b"{}", {}).reason == "address_refused"


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org/a?b=c",
        "https://hooks.example.org:8443/",
        "https://1.1.1.1/",
        "https://[2606:4700:4700::1111]/",
    ],
)
def test_an_ordinary_address_is_fine(url: str) -> None:
    addresses.check_url(url, internal_hosts=[])


@pytest.mark.parametrize(
    "answer",
    [["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["::1", PUBLIC], ["169.254.169.254"], ["fe80::1%eth0"]],
    ids=str,
)
def test_a_name_with_any_address_inside_is_refused(
    answer: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", says(answer))

    assert outbound.post("https://hooks.example.org/", b"{}", {}).reason == "address_refused"


@pytest.mark.parametrize("host", ["127.1", "0x7f.1", "017700000001"])
def test_a_number_written_strangely_is_what_the_system_makes_of_it(host: str) -> None:
    assert outbound.post(f"https://{host}/", b"{}", {}).reason == "address_refused"


def test_the_dns_is_asked_once_and_its_answer_is_what_we_connect_to(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second question could be answered with another address."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolver(host: str, *args: Any, **options: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1", *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolver)

    answer = outbound.post(receiver.url(), b"{}", {})

    assert answer.good
    assert [host for host in asked if host == "localhost"] == ["localhost"]
    assert set(asked) <= {"localhost", "127.0.0.1"}


def test_an_unknown_host_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_arguments: Any, **_options: Any) -> Any:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert outbound.post("https://hooks.example.org/", b"{}", {}).reason == "unreachable"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_nowhere(receiver: Receiver, status: int) -> None:
    receiver.behaviours["/hook"] = answers(status, Location=receiver.url("/inside"))

    answer = outbound.post(receiver.url(), b"{}", {})

    assert (answer.reason, answer.status) == ("redirected", status)
    assert receiver.at("/inside") == []


def test_no_proxy_of_the_environment_is_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert outbound.post(receiver.url(), b"{}", {}).good


def test_only_hosts_that_the_settings_name_may_be_inside(
    receiver: Receiver, settings: Settings
) -> None:
    settings.WEBHOOK_INTERNAL_HOSTS = ["n8n"]

    assert outbound.post(receiver.url(), b"{}", {}).reason == "address_refused"
    assert receiver.posts == []


def says(found: list[str]) -> Any:
    def resolver(_host: str, port: int, **_options: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    return resolver
