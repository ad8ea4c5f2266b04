"""Many conversations on one thread, each a coroutine that runs until it waits for its socket.

asyncio would do, but for the database: its connection and its transaction belong to this very
thread, and to hop to another one for each call costs more than a mail does.
"""

import selectors
import socket
import ssl
import time
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from typing import Any, TypeVar

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
CHUNK = 65_536
# How often somebody looks for those who have waited too long.
PATROL_SECONDS = 0.05

Conversation = Coroutine[Any, Any, None]
T = TypeVar("T")


@dataclass(slots=True)
class Gate:
    """Where a conversation stands until somebody lets it go on with an answer."""

    conversation: Conversation | None = None

    def __await__(self) -> Generator["Gate", bool, bool]:
        return (yield self)


@dataclass(frozen=True, slots=True)
class Wait:
    """Until the socket can be read or written. Raises `TimeoutError` after the deadline."""

    fd: int
    event: int
    deadline: float

    def __await__(self) -> Generator["Wait", None, None]:
        yield self


class Turns:
    """Lets each conversation go on when its socket is ready."""

    def __init__(self) -> None:
        self.going_on = 0
        self.stirred = False  # whether the last turn let anybody go on
        self._selector = selectors.DefaultSelector()
        self._events: dict[int, int] = {}
        self._waiting: dict[int, tuple[Conversation, float]] = {}
        self._watched: int | None = None
        self._next_patrol = 0.0

    def start(self, conversation: Conversation) -> None:
        self.going_on += 1
        self._run(conversation)

    def open(self, gate: Gate, *, answer: bool) -> None:
        if gate.conversation is not None:
            self._run(gate.conversation, answer=answer)

    def turn(self, seconds: float) -> bool:
        """Wait for at most so long, then let everybody go on who can; whether what is watched has
        something to say."""
        heard = self.stirred = False
        for key, _event in self._selector.select(min(seconds, PATROL_SECONDS)):
            if key.fd == self._watched:
                heard = True
                continue
            waiting = self._waiting.pop(key.fd, None)
            if waiting is None:  # somebody says something that nobody listens for
                self.forget(key.fd)
            else:
                self.stirred = True
                self._run(waiting[0])
        self._patrol()
        return heard

    def watch(self, fd: int | None) -> None:
        """Something that is no conversation, at most one; None ends it."""
        if self._watched is not None:
            self._selector.unregister(self._watched)
        self._watched = fd
        if fd is not None:
            self._selector.register(fd, READ)

    def forget(self, fd: int) -> None:
        """Before a socket is closed: its number may come again."""
        if self._events.pop(fd, None) is not None:
            self._selector.unregister(fd)

    def close(self) -> None:
        for conversation, _deadline in self._waiting.values():
            conversation.close()
        self._selector.close()

    def _run(self, conversation: Conversation, *, answer: bool | None = None) -> None:
        try:
            self._park(conversation, conversation.send(answer))
        except StopIteration:
            self.going_on -= 1

    def _park(self, conversation: Conversation, at: Gate | Wait) -> None:
        if isinstance(at, Gate):
            at.conversation = conversation
            return
        known = self._events.get(at.fd)
        if known is None:
            self._selector.register(at.fd, at.event)
        elif known != at.event:
            self._selector.modify(at.fd, at.event)
        self._events[at.fd] = at.event
        self._waiting[at.fd] = (conversation, at.deadline)

    def _patrol(self) -> None:
        now = time.monotonic()
        if now < self._next_patrol:
            return
        self._next_patrol = now + PATROL_SECONDS
        for fd, (conversation, deadline) in list(self._waiting.items()):
            if deadline < now and fd in self._waiting:
                del self._waiting[fd]
                try:
                    self._park(conversation, conversation.throw(TimeoutError()))
                except StopIteration:
                    self.going_on -= 1


async def elsewhere(turns: Turns, call: Callable[[], T], *, deadline: float) -> T:
    """What a call that blocks says, made by a thread of its own, which must not use the database.

    Raises what the call raises, and `TimeoutError` after the deadline (monotonic); the thread then
    goes on alone.
    """
    ours, theirs = socket.socketpair()
    said: Future[T] = Future()

    def work() -> None:
        try:
            said.set_result(call())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            said.set_exception(error)
        finally:
            theirs.close()  # which wakes who waits

    Thread(target=work, daemon=True).start()
    try:
        await Wait(ours.fileno(), READ, deadline)
    finally:
        turns.forget(ours.fileno())
        ours.close()
    return said.result()


class Line:
    """A socket that never blocks the thread. `deadline` (monotonic) holds for what follows."""

    def __init__(self, turns: Turns, plain: socket.socket) -> None:
        self.deadline = float("inf")
        self._turns = turns
        self._socket = plain
        self._received = b""
        plain.settimeout(0)

    @classmethod
    async def to(cls, turns: Turns, host: str, port: int, *, deadline: float) -> "Line":
        """To the first address that answers. Raises `OSError`."""
        trouble: OSError | None = None
        for family, kind, protocol, _name, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        ):
            line = cls(turns, socket.socket(family, kind, protocol))
            line.deadline = deadline
            try:
                await line._connect(address)
            except OSError as error:
                line.close()
                trouble = error
            else:
                return line
        raise trouble or OSError("no address")

    async def _connect(self, address: Any) -> None:
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.connect(address)
        except BlockingIOError:
            await self._ready(WRITE)
            if code := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(code, "no connection") from None

    async def encrypt(self, context: ssl.SSLContext, host: str) -> None:
        """From here on by TLS. Raises `ValueError` if somebody slipped words in before it."""
        if self._received:
            raise ValueError("words before the handshake")
        encrypted = context.wrap_socket(
            self._socket, server_hostname=host, do_handshake_on_connect=False
        )
        self._socket = encrypted
        while True:
            try:
                encrypted.do_handshake()
            except ssl.SSLWantReadError:
                await self._ready(READ)
            except ssl.SSLWantWriteError:
                await self._ready(WRITE)
            else:
                return

    async def write(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                await self._ready(WRITE)
            except ssl.SSLWantReadError:
                await self._ready(READ)

    async def readline(self, longest: int = CHUNK) -> bytes:
        """Up to and with the next line end. Raises `EOFError`, `ValueError` for an endless line."""
        while (end := self._received.find(b"\n")) < 0:
            if len(self._received) > longest:
                raise ValueError("an endless line")
            self._received += await self._receive()
        line, self._received = self._received[: end + 1], self._received[end + 1 :]
        return line

    async def _receive(self) -> bytes:
        if not (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending()):
            await self._ready(READ)
        while True:
            try:
                received = self._socket.recv(CHUNK)
            except (BlockingIOError, ssl.SSLWantReadError):
                await self._ready(READ)
            except ssl.SSLWantWriteError:
                await self._ready(WRITE)
            else:
                if not received:
                    raise EOFError
                return received

    def close(self) -> None:
        self._turns.forget(self._socket.fileno())
        self._socket.close()

    def _ready(self, event: int) -> Wait:
        return Wait(self._socket.fileno(), event, self.deadline)
