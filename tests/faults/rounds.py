"""Round after round in one process: sweep, plan, send. What `manage.py tick` does, in a loop.

`CRASH_AT=n` kills the process in front of its n-th statement or SMTP command.
"""

import os
import signal
import time
from datetime import UTC, datetime, timedelta

import django
import time_machine

django.setup()

from django.db import Error, connection, connections  # noqa: E402

from nurture import due  # noqa: E402
from nurture.tick import tick  # noqa: E402
from tests.faults import app, failpoints  # noqa: E402

assert app  # imported for its shorter clockwork
PAUSE_SECONDS = float(os.environ.get("FAULTS_PAUSE_SECONDS", "0.1"))


def main() -> None:
    if hours := float(os.environ.get("FAULTS_CLOCK_HOURS", "0")):
        time_machine.travel(datetime.now(UTC) + timedelta(hours=hours)).start()
    going_on = True

    def stop(*_signal: object) -> None:
        nonlocal going_on
        going_on = False

    signal.signal(signal.SIGTERM, stop)
    if crash_at := os.environ.get("CRASH_AT"):
        failpoints.crash_at(int(crash_at))
    rounds = float(os.environ.get("ROUNDS", "inf"))
    while going_on and rounds > 0:
        rounds -= 1
        try:
            tick(due.now())
        except (Error, ExceptionGroup) as error:
            print("round failed:", type(error).__name__, flush=True)
            connections.close_all()
        time.sleep(PAUSE_SECONDS)
    if crash_at:
        print(failpoints.seen(), flush=True)
    connection.close()


if __name__ == "__main__":
    main()
