import os
import shutil
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import dj_database_url
import psutil
import psycopg
import pytest

from config.local import account, postgres, postgres_wheel
from config.local.postgres_data import PostgresError


@pytest.fixture(scope="module")
def cluster() -> Iterator[postgres.Postgres]:
    folder = account.private_folder(purpose="tests of config.local") / uuid4().hex[:8]
    server = postgres.start(folder, fast=True)
    yield server
    server.stop()
    shutil.rmtree(folder)


def ask(server: postgres.Postgres, question: str) -> object:
    with server.connect() as connection:
        row = connection.execute(question.encode()).fetchone()
    return row and row[0]


def test_both_readers_understand_the_address(cluster: postgres.Postgres) -> None:
    address = cluster.ensure_database("rehabit")

    with psycopg.connect(address) as connection:
        assert connection.info.dbname == "rehabit"
    assert dj_database_url.parse(address)["NAME"] == "rehabit"
    assert dj_database_url.parse(address)["OPTIONS"] == {"host": str(cluster.socket_folder)}


def test_a_database_is_made_once(cluster: postgres.Postgres) -> None:
    assert cluster.ensure_database("rehabit") == cluster.ensure_database("rehabit")


def test_only_its_owner_and_root_reach_the_socket(cluster: postgres.Postgres) -> None:
    assert stat.S_IMODE(cluster.socket_folder.stat().st_mode) == 0o700


def test_tests_trade_durability_for_speed_and_others_do_not(folder: Path) -> None:
    quick = postgres.start(folder, fast=True)
    durable = ask(quick, "SHOW fsync")
    quick.stop()
    careful = postgres.start(folder, max_connections=33)
    settings = ask(careful, "SHOW fsync"), ask(careful, "SHOW max_connections")
    careful.stop()

    assert durable == "off"
    assert settings == ("on", "33")


def test_what_was_committed_survives_kill_9(folder: Path) -> None:
    first = postgres.start(folder)
    with first.connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    os.kill(first.server.pid, signal.SIGKILL)
    first.server.process.wait()

    second = postgres.start(folder)
    kept = ask(second, "SELECT number FROM kept")
    second.stop()

    assert kept == 7


def test_a_server_that_was_left_running_is_replaced(folder: Path) -> None:
    left = postgres.start(folder, fast=True)

    second = postgres.start(folder, fast=True)
    ended = left.server.process.wait(timeout=10)
    answer = ask(second, "SELECT 1")
    second.stop()

    assert ended == 0
    assert answer == 1


def test_a_stranger_with_the_recorded_id_is_left_alone(folder: Path) -> None:
    postgres.start(folder, fast=True).stop()
    (folder / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder / 'data'}\n")

    server = postgres.start(folder, fast=True)
    server.stop()

    assert psutil.pid_exists(os.getpid())


def test_a_first_start_that_was_interrupted_begins_anew(folder: Path) -> None:
    unfinished = folder / "data.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")

    server = postgres.start(folder, fast=True)
    version = ask(server, "SHOW server_version_num")
    server.stop()

    assert str(version).startswith("18")


def test_a_long_path_with_odd_characters_works(folder: Path) -> None:
    server = postgres.start(folder / ("long " * 20) / 'it\'s "odd", too', fast=True)
    answer = ask(server, "SELECT 1")
    socket = server.socket_folder
    server.stop()
    shutil.rmtree(socket.parent)

    assert answer == 1
    assert len(str(socket)) < postgres.LONGEST_SOCKET_PATH


@pytest.mark.usefixtures("closed_to_the_server")
def test_a_home_that_the_server_cannot_enter_is_stood_in_for(folder: Path) -> None:
    (folder / "closed").mkdir(mode=0o700)
    first = postgres.start(folder / "closed" / "postgres", fast=True)
    first.ensure_database("kept")
    first.stop()

    second = postgres.start(folder / "closed" / "postgres", fast=True)
    kept = ask(second, "SELECT count(*) FROM pg_database WHERE datname = 'kept'")
    second.stop()
    shutil.rmtree(second.data.parent)

    assert kept == 1
    assert not second.data.is_relative_to(folder)
    assert (folder / "closed" / "postgres" / "data-elsewhere.txt").exists()


def test_removing_the_folder_begins_anew_where_the_data_lie_elsewhere(
    folder: Path, closed_to_the_server: None
) -> None:
    first = postgres.start(folder / "closed", fast=True)
    first.ensure_database("old")
    first.stop()
    shutil.rmtree(folder / "closed")

    second = postgres.start(folder / "closed", fast=True)
    old = ask(second, "SELECT count(*) FROM pg_database WHERE datname = 'old'")
    second.stop()
    shutil.rmtree(second.data.parent)

    assert old == 0


@pytest.fixture
def closed_to_the_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root finds this on the disk; an ordinary user runs the server as itself and never does."""
    monkeypatch.setattr(
        account.Account, "can_reach", lambda _, path: not path.is_relative_to(folder)
    )


def test_programs_that_the_server_cannot_reach_are_copied(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account.Account, "can_reach", lambda _, path: path.is_relative_to(folder))
    monkeypatch.setattr(account, "private_folder", lambda **_: folder)

    server = postgres.start(folder / "postgres", fast=True)
    answer = ask(server, "SELECT 1")
    server.stop()

    assert answer == 1
    assert server.programs == folder / "packages" / postgres_wheel.PACKAGE / "pginstall18" / "bin"


def test_data_of_another_user_are_refused_with_advice(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.start(folder, fast=True).stop()
    ours = account.choose()
    stranger = account.Account(uid=ours.uid + 1, gid=ours.gid, switched=ours.switched)
    monkeypatch.setattr(account, "choose", lambda: stranger)

    with pytest.raises(PostgresError, match="belongs to another user: remove it"):
        postgres.start(folder, fast=True)


def test_a_server_that_cannot_start_shows_the_end_of_its_log(folder: Path) -> None:
    with pytest.raises(PostgresError, match="max_connections"):
        postgres.start(folder, fast=True, max_connections=-1)
