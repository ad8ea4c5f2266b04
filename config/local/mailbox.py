"""What the demo asks the inbox. Mailpit would answer the same."""

import json
import time
from collections import Counter
from email import message_from_bytes
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

from config.local.trouble import Trouble

PAGE = 100
POLL_SECONDS = 0.2
TIMEOUT_SECONDS = 10


class NoMail(Trouble):
    """An awaited mail did not come."""


class Mailbox:
    def __init__(self, address: str) -> None:
        self.address = address
        self._opener = build_opener(ProxyHandler({}))

    def is_ready(self) -> bool:
        try:
            return self._get("/readyz") == b"ok"
        except (URLError, OSError):
            return False

    def find(self, query: str) -> list[dict[str, Any]]:
        """All mails that match, the newest first."""
        found: list[dict[str, Any]] = []
        while True:
            window = urlencode({"query": query, "start": len(found), "limit": PAGE})
            page = json.loads(self._get(f"/api/v1/search?{window}"))["messages"]
            found += page
            if len(page) < PAGE:
                return found

    def await_text(self, query: str, *, seconds: float) -> str:
        """The text of the newest mail that matches. Raises NoMail."""
        deadline = time.monotonic() + seconds
        while not (found := self.find(query)):
            if time.monotonic() > deadline:
                raise NoMail(f"No mail for {query!r} came within {seconds:.0f} seconds.")
            time.sleep(POLL_SECONDS)
        text: str = json.loads(self._get(f"/api/v1/message/{found[0]['ID']}"))["Text"]
        return text

    def received(self, query: str) -> Counter[str]:
        """How often each Message-ID came in, read from the bytes of the mails that match."""
        return Counter(self._message_id(mail["ID"]) for mail in self.find(query))

    def _message_id(self, mail_id: str) -> str:
        raw = self._get(f"/api/v1/message/{mail_id}/raw")
        return str(message_from_bytes(raw)["Message-ID"] or "").strip()

    def _get(self, path: str) -> bytes:
        with self._opener.open(f"{self.address}{path}", timeout=TIMEOUT_SECONDS) as answer:
            content: bytes = answer.read()
        return content
