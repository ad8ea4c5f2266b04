"""A mailbox to read: as much of an IMAP server as reading one takes, over a real socket."""

import re
import socketserver
import threading
from types import TracebackType
from typing import Self

NAME, PASSWORD = "bounces", "secret word"


class Mailbox:
    """Mails by number; those that were read are remembered."""

    def __init__(self, *mails: bytes) -> None:
        self.mails = list(mails)
        self.read: set[int] = set()

    def __enter__(self) -> Self:
        mailbox = self

        class Conversation(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"* OK here\r\n")
                while line := self.rfile.readline():
                    tag, _space, rest = line.decode().strip().partition(" ")
                    for answer in mailbox.answer(rest):
                        self.wfile.write(answer + b"\r\n")
                    right = b"NO wrong" if "LOGIN" in rest and PASSWORD not in rest else b"OK done"
                    self.wfile.write(tag.encode() + b" " + right + b"\r\n")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"imap://{NAME}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.port}/INBOX"

    def answer(self, command: str) -> list[bytes]:
        verb = command.split(" ", maxsplit=1)[0].upper()
        if verb == "CAPABILITY":
            return [b"* CAPABILITY IMAP4rev1"]
        if verb == "SELECT":
            return [b"* %d EXISTS" % len(self.mails)]
        if verb == "SEARCH":
            unread = [n for n in range(1, len(self.mails) + 1) if n not in self.read]
            return [b"* SEARCH " + " ".join(map(str, unread)).encode()]
        if verb == "FETCH":
            number = int(command.split(" ")[1])
            mail = self.mails[number - 1]
            return [b"* %d FETCH (BODY[]<0> {%d}\r\n" % (number, len(mail)) + mail + b")"]
        if found := re.match(r"STORE (\d+) \+FLAGS.*Seen", command):
            self.read.add(int(found[1]))
        return []
