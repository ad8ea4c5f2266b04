"""The processes of the demo: two servers, an inbox, and the three parts of the application."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

from config.local import demo_state, ports, postgres, redis, terminal
from config.local.children import Child
from config.local.environment import local_environment
from config.local.mailbox import Mailbox
from config.local.processes import Processes

ROOT = Path(__file__).resolve().parent.parent.parent
DATABASE = "rehabit"
APPLICATION = ("web", "worker", "beat")
QUEUES = "transactional,programme,maintenance,webhooks"
SMTP_PORT = 1025
INBOX_PORT = 8025
READY_SECONDS = 90.0


@dataclass(frozen=True)
class Places:
    """Where everything listens."""

    site: int
    smtp: int
    inbox: int

    @classmethod
    def choose(cls, *, preferred_site: int) -> "Places":
        """The usual ports, or others with a word about it."""
        wanted = {"site": preferred_site, "mail server": SMTP_PORT, "inbox": INBOX_PORT}
        chosen = {what: ports.claim(port) for what, port in wanted.items()}
        for what, port in wanted.items():
            message = ports.moved(what, preferred=port, chosen=chosen[what])
            if message:
                terminal.say(f"  {message}")
        return cls(chosen["site"], chosen["mail server"], chosen["inbox"])

    @property
    def site_url(self) -> str:
        return f"http://localhost:{self.site}"

    @property
    def inbox_url(self) -> str:
        return f"http://localhost:{self.inbox}"


class Stack:
    """Starts things in order. `processes.stop()` ends them in reverse."""

    def __init__(self, folder: Path, places: Places, processes: Processes) -> None:
        self.folder = folder
        self._places = places
        self._processes = processes
        self.environment: dict[str, str] = {}

    def start_servers(self, given: Mapping[str, str]) -> None:
        """PostgreSQL and Redis, unless `given` names others; then the environment is complete."""
        database_url = given.get("DATABASE_URL") or self._start_postgres()
        redis_url = given.get("REDIS_URL") or self._start_redis()
        ours = local_environment(
            database_url=database_url,
            redis_url=redis_url,
            smtp_port=self._places.smtp,
            site_url=self._places.site_url,
            secret=demo_state.secret(self.folder),
            media_root=self.folder / "media",
            static_root=self.folder / "static",
        )
        # Ours wins: a mail server of a real installation must never hear of a demo.
        self.environment = {**given, **ours, "PYTHONUNBUFFERED": "1"}

    def start_inbox(self) -> None:
        options = ["--smtp-port", str(self._places.smtp), "--http-port", str(self._places.inbox)]
        spool = ["--spool", str(self.folder / "inbox")]
        mailbox = Mailbox(self._places.inbox_url)
        with terminal.step("inbox"):
            inbox = self._launch("inbox", ["config.local.inbox", *options, *spool])
            inbox.wait_until(mailbox.is_ready, seconds=READY_SECONDS)

    def start_application(self) -> None:
        """Web, worker and beat come up side by side, then each is waited for."""
        name = f"demo{os.getpid()}@localhost"
        web, worker = self._launch("web", self._web()), self._launch("worker", worker_command(name))
        self._launch("beat", ["celery", "-A", "config", "beat", *self._schedule()])
        with terminal.step("web"):
            web.wait_until(self._site_is_ready, seconds=READY_SECONDS)
        with terminal.step("worker and beat"):
            worker.wait_until(lambda: worker_answers(name), seconds=READY_SECONDS)

    def _launch(self, name: str, module: list[str]) -> Child:
        command = [sys.executable, "-m", *module]
        return self._processes.start(name, command, environment=self.environment)

    def _web(self) -> list[str]:
        """As in production, but for this machine alone; macOS has no /dev/shm."""
        here = ["--bind", f"{ports.LOOPBACK}:{self._places.site}"]
        here += ["--worker-tmp-dir", str(self.folder)]
        return ["gunicorn", "--config", "python:config.gunicorn", *here, "config.wsgi"]

    def _schedule(self) -> list[str]:
        return ["--schedule", str(self.folder / "beat-schedule"), "--pidfile="]

    def _start_postgres(self) -> str:
        with terminal.step("PostgreSQL"):
            server = postgres.start(self.folder / "postgres")
            self._processes.add(server.server)
            return server.ensure_database(DATABASE)

    def _start_redis(self) -> str:
        with terminal.step("Redis"):
            server = redis.start(self.folder / "redis")
            self._processes.add(server.server)
            return server.url

    def _site_is_ready(self) -> bool:
        address = f"{self._places.site_url}/health/ready"
        try:
            with build_opener(ProxyHandler({})).open(address, timeout=5):
                return True
        except HTTPError as error:
            error.close()
            return False
        except (URLError, OSError):
            return False


def worker_command(name: str) -> list[str]:
    options = ["--concurrency", "2", "--queues", QUEUES, "--hostname", name]
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return ["celery", "-A", "config", "worker", *options, *alone]


def worker_answers(name: str) -> bool:
    # Imported late: the app reads the settings, which exist once the servers run.
    from config.celery import app  # noqa: PLC0415

    return bool(app.control.ping(destination=[name], timeout=0.5))
