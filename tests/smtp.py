"""A relay that does what a test says: refuse, stall, hang up, or call back, at any phase.

It is a real server on a real socket. What it took responsibility for, or could have, stands in
`mails` with the very bytes that came over the wire.
"""

import base64
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from enum import StrEnum
from io import BufferedRWPair
from typing import Self

from nurture.domain.provider import Provider

JOIN_SECONDS = 5


class Phase(StrEnum):
    """Where a conversation stands. An act happens instead of, or before, the answer to it."""

    GREETING = "greeting"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "the final dot"  # the whole message is here; the answer is not


ANSWERS = {
    Phase.GREETING: "220 ready",
    Phase.EHLO: "",  # what is offered, see `Relay.extensions`
    Phase.STARTTLS: "220 go on",
    Phase.AUTH: "235 welcome",
    Phase.MAIL: "250 sender",
    Phase.RCPT: "250 recipient",
    Phase.DATA: "354 go ahead",
    Phase.DOT: "250 accepted",
}


@dataclass(frozen=True, slots=True)
class Mail:
    """One message that arrived whole. `wire` is what stood between 354 and the final dot."""

    sender: str
    recipients: tuple[str, ...]
    wire: bytes
    commands: tuple[str, ...] = ()  # what came after MAIL and RCPT

    @property
    def content(self) -> bytes:
        """Without the dots that SMTP adds."""
        lines = self.wire.split(b"\r\n")
        return b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines)

    @property
    def message(self) -> EmailMessage:
        parsed = BytesParser(EmailMessage, policy=SMTP).parsebytes(self.content)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])


class HangUp(Exception):
    """The server ends the conversation without a word."""


Act = Callable[[], str | None]  # what to answer instead, or None for the usual answer


@dataclass
class Envelope:
    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


@dataclass
class Script:
    act: Act
    times: float  # how often it is played; infinity for always
    skip: int  # how often the phase passes before it


def provider_at(port: int, *, login: str = "", name: str = "relay") -> Provider:
    return Provider(name=name, url=f"smtp://{login}127.0.0.1:{port}")


def encoded(words: str) -> str:
    return base64.b64encode(words.encode()).decode()


def decoded(words: str) -> str:
    return base64.b64decode(words).decode()


@dataclass
class Relay:
    mails: list[Mail] = field(default_factory=list)
    unfinished: list[bytes] = field(default_factory=list)  # bodies that stopped before the dot
    connections: int = 0
    extensions: list[str] = field(default_factory=lambda: ["8BITMIME", "AUTH PLAIN"])
    tls: ssl.SSLContext | None = None
    at_once: bool = True  # TLS from the first byte; else after STARTTLS
    injected: bytes = b""  # what somebody in between adds to the answer to STARTTLS
    secrets: set[str] | None = None  # what a log-in may say; None takes any
    logins: list[tuple[str, str]] = field(default_factory=list)  # mechanism and what was said
    _scripts: dict[Phase, list[Script]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _listener: socket.socket = field(default_factory=socket.socket)

    # -------------------------------------------------------------- for tests

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def provider(self) -> Provider:
        """How the settings name it."""
        return provider_at(self.port)

    @property
    def accepted(self) -> Counter[str]:
        """How often each Message-ID was taken."""
        return Counter(mail.message_id for mail in self.mails)

    def refuse(self, phase: Phase, code: int, *, times: float = 1, skip: int = 0) -> None:
        self.play(phase, lambda: f"{code} no", times=times, skip=skip)

    def hang_up(self, phase: Phase, *, times: float = 1, skip: int = 0) -> None:
        """Close the connection instead of an answer. After the dot the message was taken."""

        def act() -> str:
            raise HangUp

        self.play(phase, act, times=times, skip=skip)

    def stall(self, phase: Phase, *, seconds: float, times: float = 1) -> None:
        def act() -> None:
            time.sleep(seconds)

        self.play(phase, act, times=times)

    def before(self, phase: Phase, call: Callable[[], object], *, times: float = 1) -> None:
        """Run something, on the server's own thread, before the usual answer."""

        def act() -> None:
            call()

        self.play(phase, act, times=times)

    def forget(self) -> None:
        """From here on the usual answers."""
        self._scripts = {}

    def play(self, phase: Phase, act: Act, *, times: float = 1, skip: int = 0) -> None:
        self._scripts.setdefault(phase, []).append(Script(act, times, skip))

    # -------------------------------------------------------------- the server

    def __enter__(self) -> Self:
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        self._start(self._accept)
        return self

    def __exit__(self, *_error: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(JOIN_SECONDS)

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with suppress(HangUp, OSError), connection:
            if self.tls and self.at_once:
                self._serve_encrypted(connection, self.tls, greet=True)
                return
            with connection.makefile("rwb") as stream:
                self._answer(stream, Phase.GREETING)
                wants_encryption = self._converse(stream, offer_tls=self.tls is not None)
            if wants_encryption and self.tls:
                self._serve_encrypted(connection, self.tls, greet=False)

    def _serve_encrypted(
        self, connection: socket.socket, tls: ssl.SSLContext, *, greet: bool
    ) -> None:
        with tls.wrap_socket(connection, server_side=True) as encrypted:
            self._open.append(encrypted)
            with encrypted.makefile("rwb") as stream:
                if greet:
                    self._answer(stream, Phase.GREETING)
                self._converse(stream, offer_tls=False)

    def _converse(self, stream: BufferedRWPair, *, offer_tls: bool) -> bool:
        """Until somebody leaves; whether it goes on by TLS."""
        envelope = Envelope()
        for line in stream:
            verb, _, argument = line.decode(errors="replace").strip().partition(" ")
            if verb.upper() == "QUIT":
                say(stream, "221 goodbye")
                return False
            if verb.upper() == "STARTTLS" and offer_tls:
                answer = self._next(Phase.STARTTLS)
                stream.write(answer.encode() + b"\r\n" + self.injected)
                stream.flush()
                if answer.startswith("220"):
                    return True
            elif verb.upper() == "EHLO":
                offered = [*self.extensions, *(["STARTTLS"] if offer_tls else [])]
                say(stream, self._next(Phase.EHLO) or welcome(offered))
            elif verb.upper() == "AUTH":
                self._log_in(stream, *argument.split(maxsplit=1))
            else:
                self._command(stream, verb.upper(), argument, envelope)
        return False

    def _log_in(self, stream: BufferedRWPair, mechanism: str, initial: str = "") -> None:
        if mechanism == "LOGIN":
            said = "\0".join(asked(stream, question) for question in ("Username:", "Password:"))
        else:
            said = decoded(initial)
        self.logins.append((mechanism, said))
        if self.secrets is None or said in self.secrets:
            self._answer(stream, Phase.AUTH)
            return
        if mechanism == "XOAUTH2":  # which tells why, and then waits for an empty line
            assert asked(stream, '{"status":"400"}') == ""
        say(stream, "535 no")

    def _command(
        self, stream: BufferedRWPair, verb: str, argument: str, envelope: "Envelope"
    ) -> None:
        if verb == "MAIL":
            envelope.sender, envelope.recipients = path(argument), []
            envelope.commands = [argument]
            self._answer(stream, Phase.MAIL)
        elif verb == "RCPT":
            envelope.commands.append(argument)
            if self._answer(stream, Phase.RCPT).startswith("250"):
                envelope.recipients.append(path(argument))
        elif verb == "DATA":
            if self._answer(stream, Phase.DATA).startswith("354"):
                self._take(stream, envelope)
        else:
            say(stream, "250 forgotten" if verb == "RSET" else "502 what?")

    def _take(self, stream: BufferedRWPair, envelope: "Envelope") -> None:
        body, at_line_start = b"", True
        for line in stream:
            if line == b".\r\n" and at_line_start:
                break
            body += line
            at_line_start = line.endswith(b"\r\n")
        else:
            self.unfinished.append(body)
            raise HangUp
        mail = Mail(envelope.sender, tuple(envelope.recipients), body, tuple(envelope.commands))
        try:
            answer = self._next(Phase.DOT)
        except HangUp:
            self.mails.append(mail)
            raise
        if answer.startswith("250"):
            self.mails.append(mail)
        say(stream, answer)

    def _answer(self, stream: BufferedRWPair, phase: Phase) -> str:
        answer = self._next(phase)
        say(stream, answer)
        return answer

    def _next(self, phase: Phase) -> str:
        with self._lock:
            script = self._script(phase)
        return (script.act() if script else None) or ANSWERS[phase]

    def _script(self, phase: Phase) -> Script | None:
        for script in self._scripts.get(phase, []):
            if script.skip:
                script.skip -= 1
                return None
            if script.times > 0:
                script.times -= 1
                return script
        return None


def path(argument: str) -> str:
    """The address in `FROM:<...>` or `TO:<...>`."""
    return argument.partition("<")[2].partition(">")[0]


def welcome(extensions: list[str]) -> str:
    *first, last = ["here", *extensions]
    return "\r\n".join((*(f"250-{line}" for line in first), f"250 {last}"))


def asked(stream: BufferedRWPair, question: str) -> str:
    """What the client says to a question of a log-in."""
    say(stream, f"334 {encoded(question)}")
    return decoded(stream.readline().decode().strip())


def say(stream: BufferedRWPair, answer: str) -> None:
    stream.write(answer.encode() + b"\r\n")
    stream.flush()
    if answer.startswith("421"):
        raise HangUp


@contextmanager
def closed_port() -> Iterator[int]:
    """A port on which connections are refused for as long as the block runs."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield int(bound.getsockname()[1])
