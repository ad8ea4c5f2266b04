"""A token server (RFC 6749) on a real socket, by TLS, that answers as a test says."""

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from nurture.domain.provider import OAuth2


@dataclass
class TokenServer:
    port: int
    asked: list[dict[str, str]] = field(default_factory=list)  # each request's form
    failures: list[tuple[int, str]] = field(default_factory=list)  # status and body, in turn
    lasts: int = 3_600
    seconds: float = 0.0  # what each answer takes
    lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, **more: str) -> OAuth2:
        return OAuth2(token_url=f"https://localhost:{self.port}/token", client_id="rehabit", **more)

    def answer(self, form: dict[str, str]) -> tuple[int, str]:
        time.sleep(self.seconds)
        with self.lock:
            self.asked.append(form)
            if self.failures:
                return self.failures.pop(0)
            token = f"token-{len(self.asked)}"
        body = {"access_token": token, "token_type": "Bearer", "expires_in": self.lasts}
        return 200, json.dumps(body)


@contextmanager
def serving(tls: ssl.SSLContext) -> Iterator[TokenServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, answer = server.answer({key: value[0] for key, value in parse_qs(body).items()})
            self.send_response(status)
            if status in range(300, 400):
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.socket = tls.wrap_socket(http.socket, server_side=True)
        server = TokenServer(http.server_port)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()
