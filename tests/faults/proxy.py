"""A proxy between a client and a server that cuts or swallows after a pattern."""

import select
import socket
import threading
from contextlib import suppress
from typing import Self


class Proxy:
    """Passes bytes on to a port of this machine, or to a Unix socket, until it is told not to."""

    def __init__(self, target: int | str) -> None:
        self.target = target
        self.swallowed = 0
        self.cuts = 0
        self._pattern: bytes | None = None
        self._cut_on: bytes | None = None
        self._skip = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def swallow_after(self, pattern: bytes) -> None:
        """The server's bytes with this pattern pass; nothing more passes on that connection."""
        self._pattern = pattern

    def cut_after_request(self, pattern: bytes, *, skip: int = 0) -> None:
        """What the client sends with this pattern reaches the server; the answer never comes."""
        self._cut_on, self._skip = pattern, skip

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        for sock in [self._listener, *self._open]:
            with suppress(OSError):
                sock.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self._listener.accept()
                server = self._connect()
                self._open += [client, server]
                threading.Thread(target=self._pass, args=(client, server), daemon=True).start()

    def _connect(self) -> socket.socket:
        if isinstance(self.target, int):
            return socket.create_connection(("127.0.0.1", self.target))
        there = socket.socket(socket.AF_UNIX)
        there.connect(self.target)
        return there

    def _pass(self, client: socket.socket, server: socket.socket) -> None:
        dead = cut = False
        with suppress(OSError, ValueError), client, server:
            while True:
                ready, _w, _x = select.select([client, server], [], [])
                for sock in ready:
                    data = sock.recv(65_536)
                    if not data:
                        return
                    if dead:
                        self.swallowed += 1
                    elif sock is client:
                        server.sendall(data)
                        cut = cut or self._is_cut(data)
                    elif cut:  # the server has done it, and has answered
                        return
                    else:
                        client.sendall(data)
                        dead = bool(self._pattern and self._pattern in data)

    def _is_cut(self, data: bytes) -> bool:
        if self._cut_on is None or self._cut_on not in data or self.cuts:
            return False
        self._skip -= 1
        self.cuts += self._skip < 0
        return bool(self.cuts)
