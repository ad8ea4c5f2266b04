import socket
from pathlib import Path

import pytest
from redis import Redis as Client
from redis.exceptions import ConnectionError as RedisConnectionError

from config.local import ports, redis


def test_a_broker_starts_that_never_evicts_a_task(folder: Path) -> None:
    server = redis.start(folder)

    with Client.from_url(server.url) as client:
        policy = client.config_get("maxmemory-policy")
        appends = client.config_get("appendonly")
    server.stop()

    assert policy == {"maxmemory-policy": "noeviction"}
    assert appends == {"appendonly": "no"}


def test_after_stop_nobody_answers(folder: Path) -> None:
    server = redis.start(folder)

    server.stop()

    with Client.from_url(server.url) as client, pytest.raises(RedisConnectionError):
        client.ping()


def test_a_taken_port_gives_another_one(folder: Path) -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        server = redis.start(folder, preferred_port=port)
        server.stop()

    assert server.port != port


def test_a_port_that_is_taken_between_look_and_start_is_given_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as taken:
        offers = iter([taken.getsockname()[1], ports.free_port()])
        monkeypatch.setattr(ports, "free_port", lambda _: next(offers))
        server = redis.start(folder)
        server.stop()

    assert server.url.startswith("redis://127.0.0.1:")
