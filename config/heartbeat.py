"""The Celery app for containers: `celery -A config.heartbeat worker`. It leaves marks of work done.

A process that is there may still do nothing, for example after a broken reconnect to Redis. So
`config.healthcheck` looks for these marks, and not for a process.
"""

from pathlib import Path
from typing import Any

from celery.signals import after_task_publish, beat_init, task_postrun, task_prerun, worker_ready

from config import healthcheck
from config.celery import app

__all__ = ["app"]


@task_prerun.connect
def task_started(**_signal: Any) -> None:
    leave(healthcheck.STARTED)


@worker_ready.connect
@task_postrun.connect
def task_finished(**_signal: Any) -> None:
    leave(healthcheck.FINISHED)


@beat_init.connect
@after_task_publish.connect
def rang(**_signal: Any) -> None:
    leave(healthcheck.RANG)


def leave(mark: Path) -> None:
    mark.parent.mkdir(exist_ok=True)
    mark.touch()
