"""One POST to somebody else's server: vetted address, no redirects, bounded time and answer.

httpcore is used by itself, since the address has to be chosen between DNS and connection, and
because nothing here may follow redirects, read proxies from the environment or keep cookies.
"""

import contextlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

import httpcore
from django.conf import settings
from httpcore import NetworkBackend, NetworkStream, SyncBackend

from cms.integrations import addresses
from cms.integrations.addresses import Refused

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 10.0, 15.0
ADDRESSES_TRIED = 2
ANSWER_BYTES = 300
TIMEOUTS = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `reason` is a word for the log: ok, redirected, timeout, refused..."""

    reason: str
    milliseconds: int
    status: int | None = None
    text: str = ""
    retry_after: str = ""

    @property
    def good(self) -> bool:
        return self.reason == "ok"


class Vetted(NetworkBackend):
    """Connects to an address that was looked at, and hangs up when the time is over."""

    def __init__(self) -> None:
        self.plain = SyncBackend()
        self.timer: threading.Timer | None = None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        allowed = settings.WEBHOOK_INTERNAL_HOSTS
        try:
            found = addresses.resolve(host, port, internal_hosts=allowed)[:ADDRESSES_TRIED]
        except (OSError, UnicodeError):
            raise httpcore.ConnectError("unknown host") from None
        for number, address in enumerate(found, start=1):
            try:
                stream = self.plain.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(found):
                    raise
            else:
                self.watch(stream.get_extra_info("socket"))
                return stream
        raise httpcore.ConnectError("unknown host")

    def watch(self, connection: socket.socket) -> None:
        """A server that sends a byte now and then would never run into a time-out of its own.

        The copy of the descriptor still means this connection after TLS has taken it over.
        """
        copy = socket.socket(fileno=os.dup(connection.fileno()))
        self.timer = threading.Timer(TOTAL_SECONDS, hang_up, [copy])
        self.timer.daemon = True
        self.timer.start()
        self.copy = copy

    def close(self) -> None:
        if self.timer:
            self.timer.cancel()
            self.copy.close()


def hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


@lru_cache(maxsize=1)
def tls() -> ssl.SSLContext:
    return httpcore.default_ssl_context()


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """Never raises for what the other side does. Every fault has a word of its own."""
    began = time.monotonic()
    network = Vetted()
    try:
        addresses.check_url(url, internal_hosts=settings.WEBHOOK_INTERNAL_HOSTS)
        with httpcore.ConnectionPool(ssl_context=tls(), network_backend=network) as pool:
            status, wish, text = exchange(pool, url, body, headers)
    except Refused:
        return Answer("address_refused", elapsed(began))
    except httpcore.TimeoutException:
        return Answer("timeout", elapsed(began))
    except (httpcore.ConnectError, httpcore.NetworkError) as error:
        return Answer(fault_of(error, began), elapsed(began))
    except (httpcore.ProtocolError, ValueError):
        return Answer("timeout" if is_over(began) else "bad_answer", elapsed(began))
    finally:
        network.close()
    return Answer(reason_of(status), elapsed(began), status, text, wish)


def exchange(
    pool: httpcore.ConnectionPool, url: str, body: bytes, headers: dict[str, str]
) -> tuple[int, str, str]:
    with pool.stream(
        "POST", url, headers=list(headers.items()), content=body, extensions={"timeout": TIMEOUTS}
    ) as response:
        wishes = [value for name, value in response.headers if name.lower() == b"retry-after"]
        wish = wishes[0].decode("latin-1")[:40] if wishes else ""
        return response.status, wish, beginning(response.iter_stream())


def beginning(chunks: Iterator[bytes]) -> str:
    """As much of the answer as the log keeps; the rest is never read."""
    text = b""
    for chunk in chunks:
        text += chunk
        if len(text) >= ANSWER_BYTES:
            break
    readable = text[:ANSWER_BYTES].decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else " " for letter in readable).strip()


def reason_of(status: int) -> str:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return "ok"
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return "redirected"
    return "gone" if status == HTTPStatus.GONE else "refused"


def fault_of(error: Exception, began: float) -> str:
    if is_over(began):
        return "timeout"
    # httpcore raises its own error again "from None": what was behind it stays as the context.
    behind = error.__cause__ or error.__context__
    return "bad_certificate" if isinstance(behind, ssl.SSLError) else "unreachable"


def is_over(began: float) -> bool:
    return time.monotonic() - began >= TOTAL_SECONDS


def elapsed(began: float) -> int:
    return round((time.monotonic() - began) * 1_000)
