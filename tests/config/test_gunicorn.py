"""gunicorn as we run it, with requests that no browser sends."""

import http.client
import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest

from config.local import children, ports


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """It serves nothing from the database here: what is asked is refused before that."""
    port = ports.free_port()
    command = [sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn"]
    server = children.start(
        "gunicorn",
        [*command, "--bind", f"127.0.0.1:{port}", "--workers", "1", "config.wsgi"],
        log=tmp_path_factory.mktemp("gunicorn") / "log",
        environment={**os.environ, "API_LIMIT_ANONYMOUS": "0"},
    )
    try:
        server.wait_until(lambda: is_open(port), seconds=60)
        yield port
    finally:
        server.stop()


def is_open(port: int) -> bool:
    with suppress(OSError):
        return ask(port, "/api/v1/nothing/")[0] == 404
    return False


def ask(port: int, path: str) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Host": "localhost"})
    answer = connection.getresponse()
    said = answer.status, answer.headers["Content-Type"] or "", answer.read()
    connection.close()
    return said


def test_a_query_of_ten_kilobytes_gets_a_problem_document(port: int) -> None:
    status, kind, body = ask(port, "/api/v1/exercises/?title__contains=" + "x" * 10_240)

    assert (status, kind) == (414, "application/problem+json")
    assert json.loads(body)["status"] == 414


def test_a_request_line_without_end_is_ended(port: int) -> None:
    status, _kind, body = ask(port, "/api/v1/exercises/?" + "x" * 40_000)

    assert status in {400, 414}
    assert len(body) < 1_000
    assert ask(port, "/api/v1/nothing/")[0] == 404
