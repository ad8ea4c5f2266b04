import os
import subprocess
import sys

import psycopg
import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from config.local import throwaway
from config.local.environment import key
from tests.services import own_database

SHOW = "import os; print(os.environ['DATABASE_URL']); print(os.environ['SITE_URL'])"


def run(*command: str, **given: str) -> subprocess.CompletedProcess[str]:
    bare = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return subprocess.run(
        [sys.executable, "-m", "config.local.run", *command],
        env=bare | given,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_command_gets_servers_that_end_with_it() -> None:
    done = run(sys.executable, "-c", SHOW)
    database_url = done.stdout.splitlines()[0]

    assert done.returncode == 0
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(database_url)


def test_what_is_set_already_stays() -> None:
    done = run(sys.executable, "-c", SHOW, SITE_URL="https://care.example.org")

    assert done.stdout.splitlines()[1] == "https://care.example.org"


def test_servers_that_are_named_are_used() -> None:
    done = run(sys.executable, "-c", SHOW, DATABASE_URL="postgresql://db/x", REDIS_URL="redis://r")

    assert done.stdout.splitlines()[0] == "postgresql://db/x"


def test_the_status_of_the_command_is_ours() -> None:
    assert run(sys.executable, "-c", "raise SystemExit(7)").returncode == 7


def test_a_command_that_does_not_exist_is_told_in_one_line() -> None:
    done = run("no-such-command")

    assert done.returncode == 1
    assert done.stderr == "Cannot run no-such-command: No such file or directory.\n"


def test_an_empty_variable_counts_as_unset() -> None:
    servers = throwaway.start({"DATABASE_URL": "", "REDIS_URL": ""})

    with (
        psycopg.connect(servers.environment["DATABASE_URL"]) as connection,
        Redis.from_url(servers.environment["REDIS_URL"]) as client,
    ):
        answers = connection.execute("SELECT 1").fetchone(), client.ping()
    servers.stop()

    assert answers == ((1,), True)
    assert not servers.processes.folder.exists()
    gone = Redis.from_url(servers.environment["REDIS_URL"])
    with gone, pytest.raises(RedisConnectionError):
        gone.ping()


def test_keys_differ_by_name_and_by_secret() -> None:
    keys = {key(name, secret=secret) for name in ("A", "B") for secret in ("one", "two")}

    assert len(keys) == 4


def test_each_worker_of_the_test_run_has_a_redis_database_of_its_own() -> None:
    urls = [own_database("redis://localhost:1/0", worker=worker) for worker in ("gw0", "gw1")]

    assert urls == ["redis://localhost:1/1", "redis://localhost:1/2"]
