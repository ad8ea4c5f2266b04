"""A relay that takes 20 ms for each reply: `python -m benchmarks.slow_sink PORT`. No PIPELINING."""

import asyncio
import sys
from contextlib import suppress

DELAY_SECONDS = 0.02


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async def say(answer: bytes) -> None:
        await asyncio.sleep(DELAY_SECONDS)
        writer.write(answer + b"\r\n")
        await writer.drain()

    with suppress(OSError, asyncio.IncompleteReadError):
        await say(b"220 slow")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                await say(b"354 go ahead")
                await reader.readuntil(b"\r\n.\r\n")
                await say(b"250 accepted")
            elif verb == b"QUIT":
                break
            else:
                await say(b"250 ok")
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), limit=2**20)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
