"""Free ports on the loopback interface."""

import fcntl
import os
import socket

from config.local import account

LOOPBACK = "127.0.0.1"
NEIGHBOURS = 10
claims: list[int] = []  # the locks that this process holds until it ends


def free_port(preferred: int = 0) -> int:
    """`preferred` or one of its next neighbours, else one that the system picks.

    Neighbours come first so that a second run finds the same port as the first one did.
    """
    near = range(preferred, preferred + NEIGHBOURS) if preferred else range(0)
    return next((port for port in near if is_free(port)), None) or _any_port()


def claim(preferred: int) -> int:
    """A free port that no other demo of this user gets while this process lives.

    Between the look and the moment when a server listens a second demo may look as well, so each
    port has a lock. The system drops it with the process, however that ends.
    """
    near = range(preferred, preferred + NEIGHBOURS)
    return next((port for port in near if is_free(port) and _lock(port)), None) or _any_port()


def _lock(port: int) -> bool:
    path = account.private_folder(purpose="ports") / str(port)
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return False
    claims.append(lock)
    return True


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a connection of the last run that is still closing does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    # On macOS the address above can be bound although a server listens on all addresses.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as caller:
        return caller.connect_ex((LOOPBACK, port)) != 0


def moved(what: str, *, preferred: int, chosen: int) -> str | None:
    """A line for the person at the terminal, if something else has the port they expect."""
    if chosen == preferred:
        return None
    return f"Port {preferred} is taken by another program, so the {what} is on port {chosen}."


def _any_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port
