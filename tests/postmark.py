"""A service that takes mail over HTTP as Postmark does, and says what a test wants it to say."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from nurture.domain.provider import Provider

ACCEPTED = {"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a-e38e-4336-af7d-e6c392c2f817"}
HANG_UP = 0  # instead of a status


@dataclass
class Service:
    """`mails` are those that it took, or may have; `said` is what comes next, then all is well."""

    port: int = 0
    mails: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)  # the idempotency keys that came along
    connections: int = 0
    said: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    stall_seconds: float = 0.0

    def says(self, status: int, *, times: int = 1, **answer: Any) -> None:
        self.said += [(status, answer)] * times

    def provider(self, *, key: str = "", **options: str) -> Provider:
        """How the settings name it, with a header for keys if one is given."""
        return Provider(
            name="service",
            url="anymail://postmark",
            options={
                "POSTMARK_SERVER_TOKEN": "secret",
                "POSTMARK_API_URL": f"http://127.0.0.1:{self.port}/",
                **options,
            },
            idempotency_header=key,
            idempotency_hours=24 if key else 0,
        )

    def answer(self, mail: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        time.sleep(self.stall_seconds)
        status, words = self.said.pop(0) if self.said else (200, {})
        if status in {200, HANG_UP} or status >= 500:
            self.mails.append(mail)
        if status == 200:
            return status, {**ACCEPTED, "To": mail["To"], **words}
        return status, words

    def header(self, number: int, name: str) -> str:
        headers = {one["Name"]: one["Value"] for one in self.mails[number]["Headers"]}
        return str(headers.get(name, ""))


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_arguments: object) -> None:
        """Who has stopped waiting for an answer is nobody's fault."""


@contextmanager
def serve() -> Iterator[Service]:
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            service.connections += 1
            super().setup()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.keys.append(self.headers.get("Idempotency-Key", ""))
            status, words = service.answer(json.loads(body))
            if status == HANG_UP:
                self.close_connection = True
                return
            content = json.dumps(words).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            return

    with Server(("127.0.0.1", 0), Handler) as server:
        service.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield service
        server.shutdown()
        thread.join()
