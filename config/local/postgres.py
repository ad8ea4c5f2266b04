"""A real PostgreSQL without installation: the programs come from a wheel, the data from a folder.

One process owns a cluster and starts and stops it; everybody else uses the address that it gives.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql

from config.local import account, children, postgres_data, postgres_wheel
from config.local.postgres_data import PostgresError

PORT = 5432
LONGEST_SOCKET_PATH = 100
READY_SECONDS = 60.0
# Backends that outlive a killed postmaster notice within seconds and go.
STILL_CLOSING = "pre-existing shared memory block"
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class Postgres:
    """A running cluster. `programs` holds initdb, psql, pg_dump and pgbench of the same release."""

    data: Path
    socket_folder: Path
    programs: Path
    server: children.Child

    def dsn(self, database: str) -> str:
        query = urlencode({"host": str(self.socket_folder)}, quote_via=quote)
        return f"postgresql://{postgres_data.SUPERUSER}@:{PORT}/{quote(database, safe='')}?{query}"

    def ensure_database(self, name: str) -> str:
        """Create the database unless it is there, and return its address."""
        create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        with self.connect() as connection, suppress(psycopg.errors.DuplicateDatabase):
            connection.execute(create)
        return self.dsn(name)

    @contextmanager
    def connect(self, database: str = "postgres") -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.dsn(database), autocommit=True, connect_timeout=5) as connection:
            yield connection

    def is_ready(self) -> bool:
        with suppress(psycopg.OperationalError), self.connect():
            return True
        return False

    def stop(self) -> None:
        self.server.stop()


def start(folder: Path, *, fast: bool = False, max_connections: int = 200) -> Postgres:
    """Start the cluster in `folder`, made on first use; a server left there is stopped first.

    `fast` gives up durability, for tests. Raises PostgresError, AccountError, WheelError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    runs_as = account.choose()
    programs = postgres_wheel.programs(for_account=runs_as)
    home = postgres_data.reachable(folder.resolve(), runs_as)
    data = home / "data"
    if data.exists():
        postgres_data.claim(data, runs_as)
    else:
        postgres_data.create(data, programs=programs, runs_as=runs_as, fast=fast)
    settings = {"max_connections": str(max_connections), **(FAST if fast else {})}
    return _start(data, folder / "server.log", programs, runs_as, settings)


def _start(
    data: Path,
    log: Path,
    programs: Path,
    runs_as: account.Account,
    settings: dict[str, str],
) -> Postgres:
    socket_folder = _socket_folder(data, runs_as)
    (socket_folder / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
    options = [f"--{name}={value}" for name, value in (_places(socket_folder) | settings).items()]
    deadline = time.monotonic() + READY_SECONDS
    while True:
        log.unlink(missing_ok=True)
        server = children.start(
            "PostgreSQL",
            [programs / "postgres", "-D", data, *options],
            log=log,
            environment=postgres_data.environment(),
            folder=Path("/"),
            account=runs_as,
            stop_signals=postgres_data.STOP_SIGNALS,
        )
        running = Postgres(data, socket_folder, programs, server)
        try:
            server.wait_until(running.is_ready, seconds=READY_SECONDS)
        except children.ChildError as error:
            server.stop()
            if STILL_CLOSING not in str(error) or time.monotonic() > deadline:
                raise PostgresError(str(error)) from None
        else:
            return running


def _places(socket_folder: Path) -> dict[str, str]:
    # A list of names that are parted by commas, so the one name is quoted.
    quoted = str(socket_folder).replace('"', '""')
    return {
        "listen_addresses": "",
        "port": str(PORT),
        "timezone": "UTC",
        "unix_socket_directories": f'"{quoted}"',
        "unix_socket_permissions": "0700",
    }


def _socket_folder(data: Path, runs_as: account.Account) -> Path:
    """Only its owner and root may enter it: the server trusts whoever reaches the socket."""
    if len(os.fsencode(data / f".s.PGSQL.{PORT}.lock")) <= LONGEST_SOCKET_PATH:
        return data
    return runs_as.own(account.private_folder(purpose=f"socket {data}") / "socket")
