"""The HTTP side: which address answers with what."""

import json
import re
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from config.local import ports
from config.local.inbox import answers
from config.local.inbox.answers import Answer, Request
from config.local.inbox.store import Store

View = Callable[..., Answer]
MAIL = r"/api/v1/message/(?P<mail_id>\w+)"
ROUTES: tuple[tuple[str, str, View], ...] = (
    ("GET", r"/", answers.mail_list),
    ("GET", r"/fragment", answers.fragment),
    ("GET", r"/message/(?P<mail_id>\w+)", answers.mail_view),
    ("GET", r"/view/(?P<mail_id>\w+)\.html", answers.framed),
    ("GET", r"/view/(?P<mail_id>\w+)\.txt", answers.text),
    ("GET", r"/assets/(?P<name>[\w.]+)", answers.asset),
    ("GET", r"/api/v1/info", answers.info),
    ("GET", r"/api/v1/messages", answers.messages),
    ("DELETE", r"/api/v1/messages", answers.delete),
    ("GET", r"/api/v1/search", answers.messages),
    ("GET", MAIL, answers.message),
    ("GET", MAIL + r"/raw", answers.raw),
    ("GET", MAIL + r"/headers", answers.headers),
    ("GET", MAIL + r"/part/(?P<number>\d+)", answers.part),
    ("GET", r"/(livez|readyz)", answers.healthy),
)
# A page from elsewhere may point its own name at this machine; it does not get the mails.
HOSTS = {"localhost", "127.0.0.1", "::1"}
LARGEST_BODY = 1_000_000


class Handler(BaseHTTPRequestHandler):
    """One request. `store` is set on the class that `listen` makes."""

    store: ClassVar[Store]
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        self._answer("GET")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: a poll each second is not news."""

    def _answer(self, method: str) -> None:
        url = urlsplit(self.path)
        body = self._body()
        if urlsplit(f"//{self.headers.get('Host', '')}").hostname not in HOSTS:
            answer = Answer.plain("Ask for localhost.", HTTPStatus.MISDIRECTED_REQUEST)
        else:
            given = {name: values[-1] for name, values in parse_qs(url.query).items()}
            request = Request(self.store, given, body, self.headers.get("If-None-Match", ""))
            answer = route(method, url.path, request)
        self._send(answer)

    def _body(self) -> Any:
        length = min(int(self.headers.get("Content-Length") or 0), LARGEST_BODY)
        try:
            return json.loads(self.rfile.read(length) or b"{}")
        except ValueError:
            return {}

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong, unless a browser left in the middle of an answer."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def route(method: str, path: str, request: Request) -> Answer:
    for expected, pattern, view in ROUTES:
        found = re.fullmatch(pattern, path)
        if found and method == expected:
            return view(request, **found.groupdict())
    return answers.missing()


def listen(store: Store, *, port: int) -> Server:
    """Serve in a thread until `close` is called with what this returns."""
    handler = type("StoreHandler", (Handler,), {"store": store})
    server = Server((ports.LOOPBACK, port), handler)
    threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
    ).start()
    return server


def close(server: Server) -> None:
    server.shutdown()
    server.server_close()
