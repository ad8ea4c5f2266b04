"""One SMTP connection that knows how far it came (RFC 5321, with PIPELINING where offered).

Until the body is handed over a failure means "not sent"; after the final dot without an answer it
means "we do not know". Libraries raise the same exception for both, so the conversation is ours.
"""

import logging
import re
import socket
import ssl
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from nurture.domain.provider import Provider
from nurture.domain.retry import Answer
from nurture.mail import login
from nurture.mail.compose import Envelope
from nurture.mail.turns import Line, Turns

log = logging.getLogger(__name__)

CONNECT_SECONDS = 30.0
# RFC 5321, 4.5.3.2.6: a relay may take ten minutes to take responsibility after the final dot.
DOT_SECONDS = 600.0
GOODBYE_SECONDS = 5.0
LONGEST_REPLY_LINES = 100
# Time-outs and broken TLS are OSError; the rest is what a relay that is none would say.
TROUBLE = (OSError, EOFError, ValueError)

READY = 220
OK = 250
OK_FORWARDED = 251
GO_AHEAD = 354
CLOSING = 421
TOO_LARGE = 552
TEMPORARY = range(400, 500)
PERMANENT = range(500, 600)
# What would end or change an address among the words of a command.
XTEXT = re.compile(r"[^!-*,-<>-~]")
UNITEXT = re.compile(r"[^!-*,-<>-\[\]-~]")


class Away(Exception):
    """No conversation is possible. `answer` says whether the relay is away or refuses us."""

    def __init__(self, answer: Answer, cause: str) -> None:
        self.answer = answer
        super().__init__(cause)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one message, and the relay's own code, if it said one."""

    answer: Answer
    code: int | None = None


class Connection:
    """Opened, greeted, and ready for one message after the other."""

    def __init__(self, provider: Provider, line: Line, turns: Turns) -> None:
        self.provider = provider
        self._line = line
        self._turns = turns
        self._extensions: dict[str, str] = {}
        self.open = True

    @classmethod
    async def to(cls, provider: Provider, turns: Turns) -> Self:
        """Connect, encrypt, log in. Raises `Away`."""
        deadline = time.monotonic() + CONNECT_SECONDS
        try:
            line = await Line.to(turns, provider.host, provider.port, deadline=deadline)
            connection = cls(provider, line, turns)
        except TROUBLE as error:
            raise Away(Answer.AWAY, type(error).__name__) from error
        try:
            await connection._greet()
        except TROUBLE as error:
            connection.drop()
            raise Away(Answer.AWAY, type(error).__name__) from error
        except BaseException:
            connection.drop()
            raise
        return connection

    async def _greet(self) -> None:
        provider = self.provider
        if provider.encryption == "tls":
            await self._line.encrypt(tls(), provider.host)
        if (await self._reply())[0] != READY:
            raise Away(Answer.AWAY, "no greeting")
        await self._hello()
        if provider.encryption == "starttls":
            await self._encrypt()
        if provider.user:
            await self._log_in()

    async def _hello(self) -> None:
        code, lines = await self._command(f"EHLO {socket.gethostname() or 'localhost'}")
        if code != OK:
            raise Away(Answer.AWAY, f"EHLO answered {code}")
        words = (line.upper().partition(" ") for line in lines[1:])
        self._extensions = {name: values for name, _space, values in words}

    async def _encrypt(self) -> None:
        """Without encryption nothing is sent: a relay that lost it is as good as away."""
        if "STARTTLS" not in self._extensions or (await self._command("STARTTLS"))[0] != READY:
            raise Away(Answer.NOT_US, "STARTTLS refused")
        await self._line.encrypt(tls(), self.provider.host)
        await self._hello()

    async def _log_in(self) -> None:
        offered = self._extensions.get("AUTH", "").split()
        try:
            code = await login.log_in(
                self.provider, offered=offered, say=self._say, turns=self._turns
            )
        except login.NoWayIn as error:
            raise Away(error.answer, str(error)) from None
        if code != login.LOGGED_IN:
            raise Away(Answer.AWAY if code in TEMPORARY else Answer.NOT_US, f"AUTH answered {code}")

    async def _say(self, line: str) -> int:
        return (await self._command(line))[0]

    async def ask(self, envelope: Envelope) -> Receipt | None:
        """Bring the relay to 354. A receipt means that it refused, or that it is away."""
        if refusal := self._beyond(envelope):
            return refusal
        self._within(CONNECT_SECONDS)
        try:
            codes = await self._exchange(commands_for(envelope, self._extensions))
        except TROUBLE as error:
            log.warning("the relay went away: %s", type(error).__name__)
            self.drop()
            return Receipt(Answer.AWAY)
        return await self._refusal(codes)

    def _beyond(self, envelope: Envelope) -> Receipt | None:
        """What this relay cannot carry, as far as it said so; nobody else's mail waits for it."""
        if not envelope.recipient.isascii() and "SMTPUTF8" not in self._extensions:
            return Receipt(Answer.NO_WAY_TO_WRITE_IT)
        largest = self._extensions.get("SIZE", "")
        if largest.isdigit() and 0 < int(largest) < len(envelope.content):
            return Receipt(Answer.TOO_LARGE)
        return None

    async def _exchange(self, commands: list[str]) -> list[int]:
        """The codes of the answers: all at once with PIPELINING, else up to the first refusal."""
        if "PIPELINING" in self._extensions:
            await self._line.write("".join(f"{command}\r\n" for command in commands).encode())
            return [(await self._reply())[0] for _command in commands]
        codes = []
        for command in commands:
            codes.append((await self._command(command))[0])
            if codes[-1] not in {OK, OK_FORWARDED, GO_AHEAD}:
                break
        return codes

    async def _refusal(self, codes: list[int]) -> Receipt | None:
        meanings = (Answer.NOT_US, Answer.BAD_RECIPIENT, Answer.NOT_US)
        good = ({OK}, {OK, OK_FORWARDED}, {GO_AHEAD})
        if codes[0] == TOO_LARGE and "SIZE" in self._extensions:  # it was told how large
            meanings = (Answer.TOO_LARGE, *meanings[1:])
        for code, expected, permanent in zip(codes, good, meanings, strict=False):
            if code not in expected:
                await self._recover(codes)
                return Receipt(Answer.LATER if code in TEMPORARY else permanent, code)
        return None

    async def _recover(self, codes: list[int]) -> None:
        """Ready for the next message, or closed. After a 354 only closing takes it back."""
        if GO_AHEAD in codes or CLOSING in codes:
            self.drop()
            return
        self._within(CONNECT_SECONDS)
        try:
            code, _lines = await self._command("RSET")
        except TROUBLE:
            code = CLOSING
        if code != OK:
            self.drop()

    async def hand_over(self, envelope: Envelope) -> Receipt:
        """The body, the dot, the answer. Only after the fence."""
        self._within(DOT_SECONDS)
        try:
            await self._line.write(as_data(envelope))
            code, _lines = await self._reply()
        except TROUBLE as error:
            log.warning("the relay's answer was lost: %s", type(error).__name__)
            self.drop()
            return Receipt(Answer.LOST)
        if code == CLOSING:
            self.drop()
        return Receipt(meaning(code), code)

    def drop(self) -> None:
        """Close without a word: at 354 the only way to say "forget it"."""
        self.open = False
        self._line.close()

    async def quit(self) -> None:
        """Say goodbye, if anybody is there."""
        if self.open:
            self._within(GOODBYE_SECONDS)
            with suppress(*TROUBLE):
                await self._command("QUIT")
            self.drop()

    def _within(self, seconds: float) -> None:
        self._line.deadline = time.monotonic() + seconds

    async def _command(self, line: str) -> tuple[int, list[str]]:
        await self._line.write(f"{line}\r\n".encode())
        return await self._reply()

    async def _reply(self) -> tuple[int, list[str]]:
        """Code and lines of one answer. Raises `EOFError`, and `ValueError` for what is none."""
        lines = []
        for _line in range(LONGEST_REPLY_LINES):
            line = await self._line.readline()
            lines.append(line[4:].decode("utf-8", "replace").strip())
            if line[3:4] != b"-":
                return int(line[:3]), lines
        raise ValueError("an endless answer")


@lru_cache(maxsize=1)
def tls() -> ssl.SSLContext:
    """Once for a process: to read the list of authorities takes 40 ms, and holds up everybody."""
    return ssl.create_default_context()


def commands_for(envelope: Envelope, offered: Collection[str]) -> list[str]:
    """With what the relay offers: SIZE (RFC 1870), SMTPUTF8 (RFC 6531) and DSN (RFC 3461)."""
    mail, to = f"MAIL FROM:<{envelope.sender}>", f"RCPT TO:<{envelope.recipient}>"
    if "SIZE" in offered:
        mail += f" SIZE={len(envelope.content)}"
    if not envelope.recipient.isascii():
        mail += " SMTPUTF8" + " BODY=8BITMIME" * ("8BITMIME" in offered)
    if "DSN" in offered and envelope.reference:
        mail += f" RET=HDRS ENVID={envelope.reference}"
        to += f" NOTIFY=FAILURE,DELAY ORCPT={original(envelope.recipient)}"
    return [mail, to, "DATA"]


def original(recipient: str) -> str:
    """The address as a report is to name it: RFC 3461, and RFC 6533 beyond ASCII."""
    if recipient.isascii():
        return "rfc822;" + XTEXT.sub(lambda found: f"+{ord(found[0]):02X}", recipient)
    return "utf-8;" + UNITEXT.sub(lambda found: f"\\x{{{ord(found[0]):02X}}}", recipient)


def meaning(code: int) -> Answer:
    """The answer to the final dot. A code that SMTP does not know tells us nothing."""
    if code == OK:
        return Answer.ACCEPTED
    if code in TEMPORARY:
        return Answer.LATER
    return Answer.BAD_MESSAGE if code in PERMANENT else Answer.LOST


def as_data(envelope: Envelope) -> bytes:
    content = envelope.content
    if envelope.is_plain and content.endswith(b"\r\n"):
        return content + b".\r\n"  # to look for what is not there takes as long as to send it
    return dotted(content)


def dotted(content: bytes) -> bytes:
    """The content as DATA wants it: CRLF lines only, leading dots doubled, ended by a dot."""
    if content.count(b"\n") != content.count(b"\r\n") or content.count(b"\r") != content.count(
        b"\n"
    ):
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    stuffed = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
    return stuffed + b".\r\n"
