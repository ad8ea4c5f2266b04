"""A whole installation that may be broken: own PostgreSQL, own Redis, real workers, a relay.

Nothing here is a stand-in: the cluster is crashed, Redis is killed, frozen and wiped, workers are
processes that get signals. Django in the test's own process looks at the same database.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil
from django.db import connection, connections

from config.local import children, postgres, redis, throwaway
from config.local.environment import local_environment
from config.local.processes import Processes

PATIENCE_SECONDS = 150.0
POLL_SECONDS = 0.05
TEMPLATE = "rehabit_template"
BASE_DIR = Path(__file__).resolve().parents[2]
QUEUES = "transactional,programme,maintenance"
# Work of the CMS has no part in these stories.
APP = ["celery", "-A", "tests.faults.app"]


def wait_for(condition: Callable[[], Any], *, seconds: float = PATIENCE_SECONDS) -> None:
    """Raises `TimeoutError`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{condition} did not come true in {seconds:.0f} seconds")
        time.sleep(POLL_SECONDS)


@dataclass
class Lab:
    """The servers, one for the whole run; each test gets a database of its own."""

    processes: Processes
    postgres: postgres.Postgres
    redis: redis.Redis
    databases: int = 0

    @classmethod
    def open(cls, *, dump: str | None) -> "Lab":
        """Start the servers. `dump` is the address of a migrated database to begin with."""
        processes = throwaway._claim_folder()
        cluster = postgres.start(processes.folder / "postgres")
        processes.add(cluster.server)
        broker = redis.start(processes.folder / "redis")
        processes.add(broker.server)
        lab = cls(processes, cluster, broker)
        address = cluster.ensure_database(TEMPLATE)
        if dump:
            lab.copy(dump, address)
        else:
            lab.run("manage.py", "migrate", "--verbosity=0", environment=lab.address(address))
        return lab

    def copy(self, source: str, target: str) -> None:
        programs = self.postgres.programs
        dump = subprocess.run(
            [programs / "pg_dump", "--no-owner", source], check=True, stdout=subprocess.PIPE
        )
        subprocess.run(
            [programs / "psql", "--quiet", "--set=ON_ERROR_STOP=1", target],
            input=dump.stdout,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def close(self) -> None:
        self.processes.stop()
        shutil.rmtree(self.processes.folder, ignore_errors=True)

    # -------------------------------------------------------------- breaking things

    def crash_database(self) -> None:
        """Every session ends at once and nothing is flushed, as when the machine loses power."""
        self.postgres.server.process.send_signal(signal.SIGQUIT)
        self.postgres.server.process.wait()
        self.postgres = postgres.start(self.processes.folder / "postgres")
        self.processes.add(self.postgres.server)

    def cut_sessions(self) -> None:
        """The database ends every session but its own."""
        with self.postgres.connect() as session, suppress(Exception):
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )

    def kill_redis(self) -> None:
        self.redis.server.process.kill()
        self.redis.server.process.wait()

    def restart_redis(self) -> None:
        """Empty, at the same address."""
        self.redis = redis.start(self.processes.folder / "redis", preferred_port=self.redis.port)
        self.processes.add(self.redis.server)

    # -------------------------------------------------------------- for one test

    def new_database(self, *, template: str = TEMPLATE) -> str:
        self.databases += 1
        name = f"rehabit_{self.databases}"
        with self.postgres.connect() as session:
            # Copied as files and flushed, so that a crash has little to repeat.
            session.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.postgres.dsn(name)

    def address(self, database: str, **other: str) -> dict[str, str]:
        """The environment of an installation with this database."""
        folder = self.processes.folder
        for name in ("media", "static"):
            (folder / name).mkdir(exist_ok=True)
        ours = local_environment(
            database_url=database,
            redis_url=self.redis.url,
            smtp_port=throwaway.NO_SMTP_PORT,
            site_url=throwaway.SITE_URL,
            secret=throwaway.SECRET,
            media_root=folder / "media",
            static_root=folder / "static",
        )
        path = {"PYTHONPATH": str(BASE_DIR), "DJANGO_SETTINGS_MODULE": "config.settings"}
        return {**os.environ, **ours, **path, "LOG_LEVEL": "WARNING", **other}

    def run(self, *command: str, environment: Mapping[str, str]) -> str:
        """A command to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, *command],
            check=True,
            cwd=BASE_DIR,
            env=dict(environment),
            text=True,
            stdout=subprocess.PIPE,
        )
        return done.stdout


@dataclass
class Installation:
    """One database, its workers, and the relay that they send to."""

    lab: Lab
    database: str
    smtp_port: int
    redis_url: str = ""
    settings: dict[str, str] = field(default_factory=dict)  # besides the usual ones
    started: list[children.Child] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        other = {"SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}"}
        if self.redis_url:
            other["REDIS_URL"] = self.redis_url
        return self.lab.address(self.database, **other, **self.settings)

    def start(self, name: str, *command: str, **environment: str) -> children.Child:
        number = len(self.started)
        child = children.start(
            name,
            [sys.executable, "-m", *command],
            log=self.lab.processes.folder / f"{self.lab.databases}-{number}-{name}.log",
            environment={**self.environment, **environment},
            folder=BASE_DIR,
        )
        self.started.append(child)
        return child

    def worker(self, *, concurrency: int = 2, **environment: str) -> children.Child:
        """A real Celery worker with its own beat's clockwork outside; see `beat`."""
        name = f"worker{len(self.started)}@lab"
        options = ["--concurrency", str(concurrency), "--queues", QUEUES, "--hostname", name]
        alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        return self.start("worker", *APP, "worker", *options, *alone, **environment)

    def beat(self, **environment: str) -> children.Child:
        schedule = self.lab.processes.folder / f"beat-{self.lab.databases}-{len(self.started)}"
        options = ["--schedule", str(schedule), "--pidfile="]
        return self.start("beat", *APP, "beat", *options, **environment)

    def sender(self, **environment: str) -> children.Child:
        """A process that does round after round, without Celery and Redis; it starts quickly."""
        return self.start("sender", "tests.faults.rounds", **environment)

    def manage(self, *command: str) -> str:
        return self.lab.run("manage.py", *command, environment=self.environment)

    def logs(self) -> str:
        return "\n".join(
            child.log.read_text(errors="replace") for child in self.started if child.log.exists()
        )

    def stop(self) -> None:
        for child in self.started:
            with suppress(psutil.NoSuchProcess):
                signalled(child, signal.SIGKILL)
            child.process.wait()


def signalled(child: children.Child, what: signal.Signals) -> None:
    """To the process and all that it started."""
    for process in [*children.descendants(child.pid), psutil.Process(child.pid)]:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(what)


def pool(child: children.Child) -> list[psutil.Process]:
    """The processes in which a Celery worker works."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(child.pid).children()
    return []


@contextmanager
def django_looks_at(database: str) -> Iterator[str]:
    """Rows that the test's own process reads and writes are those of this database."""
    url = urlsplit(database)
    there = {
        "NAME": url.path.lstrip("/"),
        "USER": url.username or "",
        "PASSWORD": url.password or "",
        "PORT": str(url.port or ""),
        "HOST": parse_qs(url.query).get("host", [url.hostname or ""])[0],
    }
    connections.close_all()
    before = {name: connection.settings_dict[name] for name in (*there, "OPTIONS")}
    connection.settings_dict.update({**there, "OPTIONS": {}})
    try:
        yield database
    finally:
        connections.close_all()
        connection.settings_dict.update(before)
