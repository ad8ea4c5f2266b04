"""Doorbells for content. The work is Wagtail's and Django's own commands, and `cms.documents`."""

import logging
from datetime import timedelta

from celery import Task, shared_task
from django.conf import settings
from django.core.management import call_command
from kombu.exceptions import OperationalError

from cms import preview, scheduling
from cms.documents import changes, purging, working
from cms.integrations import webhooks
from cms.integrations.doorbell import send_webhooks

__all__ = [
    "check_content",
    "clear_sessions",
    "compile_content",
    "forget_previews",
    "forget_webhooks",
    "publish_scheduled",
    "send_webhooks",
]

log = logging.getLogger(__name__)


@shared_task(name="cms.publish_scheduled")
def publish_scheduled() -> None:
    scheduling.run()


@shared_task(name="cms.clear_sessions")
def clear_sessions() -> None:
    call_command("clearsessions", verbosity=0)


@shared_task(name="cms.forget_webhooks")
def forget_webhooks() -> None:
    webhooks.forget(older_than=timedelta(days=settings.WEBHOOK_LOG_DAYS))


@shared_task(name="cms.forget_previews")
def forget_previews() -> None:
    preview.forget()


@shared_task(name="cms.compile_content")
def compile_content() -> None:
    changes.number()
    working.repair()
    changes.number()
    purging.purge()


@shared_task(name="cms.check_content")
def check_content() -> None:
    if repaired := working.repair(deep=True):
        log.warning("compiled %s pages whose documents were not right", repaired)


def ring(task: "Task[[], None]") -> None:
    """Ring now. A broker that is away costs one beat, never the caller."""
    try:
        task.delay()
    except (OperationalError, OSError) as error:
        log.warning("could not ring %s: %s", task.name, type(error).__name__)
