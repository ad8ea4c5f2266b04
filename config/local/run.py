"""Run a command as if in an installation: `python -m config.local.run python manage.py shell`.

While a demo runs, the command shares its database and Redis; otherwise it gets empty ones that
live as long as the command. Whatever the environment sets already stays as it is.
"""

import os
import signal
import subprocess
import sys

from config.local import demo_state, throwaway
from config.local.trouble import Trouble


def main() -> int:
    command = sys.argv[1:]
    if not command:
        raise SystemExit(__doc__)
    shared = demo_state.environment()
    if shared is not None:
        return execute(command, shared | os.environ)
    try:
        servers = throwaway.start(os.environ)
    except Trouble as error:
        raise SystemExit(str(error)) from None
    try:
        return execute(command, servers.environment)
    finally:
        servers.stop()


def execute(command: list[str], environment: dict[str, str]) -> int:
    """Ctrl-C reaches the command by itself; we stay to clean up behind it."""
    try:
        child = subprocess.Popen(command, env=environment)
    except OSError as error:
        raise SystemExit(f"Cannot run {command[0]}: {error.strerror}.") from None
    with child:
        ours = signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        try:
            return child.wait()
        finally:
            signal.signal(signal.SIGINT, ours)


if __name__ == "__main__":
    sys.exit(main())
