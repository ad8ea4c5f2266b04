"""What the measurements stand on: durable PostgreSQL, Redis, Postfix's `smtp-sink`, 20 kB mails."""

import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.local import children, ports, postgres, redis, throwaway
from config.local.environment import local_environment
from config.local.processes import Processes

ROOT = Path(__file__).resolve().parents[1]
SINK = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
READY_SECONDS = 120.0


class Missing(Exception):
    """Something that has to be installed first."""


@dataclass
class Stand:
    processes: Processes
    environment: dict[str, str]
    port: int
    database: Callable[[str], str]  # makes one by name; its address

    def start(self, name: str, *command: str, **environment: str) -> children.Child:
        child = children.start(
            name,
            [sys.executable, "-m", *command],
            log=self.processes.folder / f"{name}-{time.monotonic_ns()}.log",
            environment={**self.environment, **environment},
            folder=ROOT,
        )
        self.processes.add(child)
        return child

    def python(self, module: str, *arguments: str, pinned: bool = False) -> str:
        """A child to its end; what it printed. `pinned` puts it on the sink's CPU."""
        pin = ["taskset", "-c", "0"] if pinned and shutil.which("taskset") else []
        done = subprocess.run(
            [*pin, sys.executable, "-m", module, *arguments],
            check=True,
            cwd=ROOT,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
        )
        return done.stdout


@contextmanager
def stand() -> Iterator[Stand]:
    """Everything up and migrated; the environment of this process names it."""
    processes = throwaway._claim_folder()
    folder = processes.folder
    try:
        cluster = postgres.start(folder / "postgres")  # durable: no `synchronous_commit=off`
        processes.add(cluster.server)
        broker = redis.start(folder / "redis")
        processes.add(broker.server)
        port = ports.free_port(0)
        for name in ("media", "static"):
            (folder / name).mkdir()
        environment = {
            **os.environ,
            **local_environment(
                database_url=cluster.ensure_database("rehabit"),
                redis_url=broker.url,
                smtp_port=port,
                site_url=throwaway.SITE_URL,
                secret=throwaway.SECRET,
                media_root=folder / "media",
                static_root=folder / "static",
            ),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "WARNING",
        }
        os.environ.update(environment)
        there = Stand(processes, environment, port, cluster.ensure_database)
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity=0"],
            check=True,
            cwd=ROOT,
            env=environment,
        )
        yield there
    finally:
        processes.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def sink(there: Stand, *, pinned: bool = False) -> Iterator[int]:
    """Postfix's own counterpart, without its daemon. Raises `Missing`."""
    if SINK is None:
        raise Missing("smtp-sink: apt-get install --no-install-recommends postfix")
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    pwd.getpwnam("nobody")
    pin = ["taskset", "-c", "0"] if pinned and shutil.which("taskset") else []
    process = subprocess.Popen([*pin, SINK, *user, f"127.0.0.1:{there.port}", "1000"])
    try:
        wait_for_port(there.port)
        yield there.port
    finally:
        process.terminate()
        process.wait()


def wait_for_port(port: int) -> None:
    import socket  # noqa: PLC0415

    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
