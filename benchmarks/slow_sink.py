"""A relay that takes 20 ms for each reply: `python -m benchmarks.slow_sink PORT`. No PIPELINING.

Bare callbacks: with asyncio's streams this process is busy a third of the time when 64 connections
talk to it, and what is then measured is how long they wait for it.
"""

import asyncio
import sys
from typing import Any

DELAY_SECONDS = 0.02
END = b"\r\n.\r\n"
ANSWERS = {b"DATA": b"354 go ahead\r\n", b"QUIT": b"221 bye\r\n"}


class Slow(asyncio.Protocol):
    transport: Any

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.tail: bytes | None = None  # the last bytes of a mail that is on its way
        self.say(b"220 slow\r\n")

    def say(self, answer: bytes) -> None:
        asyncio.get_running_loop().call_later(DELAY_SECONDS, self.transport.write, answer)

    def data_received(self, data: bytes) -> None:
        """A client that waits for each reply sends one command at a time, or a piece of a mail."""
        if self.tail is None:
            verb = data[:4].upper()
            self.tail = b"" if verb == b"DATA" else None
            self.say(ANSWERS.get(verb, b"250 ok\r\n"))
            return
        self.tail = (self.tail + data)[-len(END) :]
        if self.tail == END:
            self.tail = None
            self.say(b"250 accepted\r\n")


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Slow, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
