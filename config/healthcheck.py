"""Whether a container does its work: `python -I -S config/healthcheck.py web|worker|beat`.

It runs every ten seconds, so it imports nothing but the standard library: `celery inspect ping`
costs ten times as much. `config.heartbeat` writes the marks that it looks at.
"""

import sys
import time
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import urlsplit

MARKS = Path(gettempdir()) / "rehabit-marks"
STARTED = MARKS / "task-started"
FINISHED = MARKS / "task-finished"
RANG = MARKS / "rang"

# Beat rings for every queue twice a minute. Four rings without an answer are no accident.
QUIET_SECONDS = 120
# A task that hangs is killed after CELERY_TASK_TIME_LIMIT, 720 seconds.
BUSY_SECONDS = 750
ANSWER_SECONDS = 4


def web(site_url: str) -> bool:
    """The site answers under its own name, and its database answers too."""
    connection = HTTPConnection("127.0.0.1", 8000, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/health/ready", headers={"Host": urlsplit(site_url).netloc})
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def worker(*, now: float) -> bool:
    """A task ended lately, or one began that may still run: a slow relay is no fault of ours."""
    started, finished = age(STARTED, now=now), age(FINISHED, now=now)
    return finished < QUIET_SECONDS or started < min(finished, BUSY_SECONDS)


def beat(*, now: float) -> bool:
    """A ring went out to Redis lately."""
    return age(RANG, now=now) < QUIET_SECONDS


def age(mark: Path, *, now: float) -> float:
    try:
        return now - mark.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def main(arguments: list[str]) -> bool:
    match arguments:
        case ["web", site_url]:
            return web(site_url)
        case ["worker"]:
            return worker(now=time.time())
        case ["beat"]:
            return beat(now=time.time())
    raise SystemExit(__doc__)


if __name__ == "__main__":
    sys.exit(not main(sys.argv[1:]))
