import socket
import subprocess
import sys

from config.local import ports


def test_a_free_port_is_kept() -> None:
    preferred = ports.free_port()

    assert ports.free_port(preferred) == preferred


def test_a_taken_port_gives_another_one_and_a_message() -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as taken:
        preferred = taken.getsockname()[1]
        chosen = ports.free_port(preferred)

    assert chosen != preferred
    assert ports.moved("site", preferred=preferred, chosen=chosen) == (
        f"Port {preferred} is taken by another program, so the site is on port {chosen}."
    )


def test_a_port_that_is_taken_on_all_addresses_is_taken() -> None:
    with socket.create_server(("", 0)) as taken:
        assert not ports.is_free(taken.getsockname()[1])


def test_there_is_nothing_to_say_about_the_expected_port() -> None:
    assert ports.moved("site", preferred=8000, chosen=8000) is None


def test_two_demos_that_start_together_never_get_the_same_port() -> None:
    preferred = ports.free_port()
    code = f"from config.local import ports; print(ports.claim({preferred}), flush=True); input()"
    command = [sys.executable, "-c", code]

    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdin
        theirs, ours = int(other.stdout.readline()), ports.claim(preferred)
        other.stdin.write("\n")

    assert theirs == preferred
    assert ours != preferred
