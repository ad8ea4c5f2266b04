"""Doorbells for content. The work is Wagtail's and Django's own commands."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.core.management import call_command

from cms.integrations import webhooks
from cms.integrations.doorbell import send_webhooks

__all__ = ["clear_sessions", "forget_webhooks", "publish_scheduled", "send_webhooks"]


@shared_task(name="cms.publish_scheduled")
def publish_scheduled() -> None:
    call_command("publish_scheduled", verbosity=0)


@shared_task(name="cms.clear_sessions")
def clear_sessions() -> None:
    call_command("clearsessions", verbosity=0)


@shared_task(name="cms.forget_webhooks")
def forget_webhooks() -> None:
    webhooks.forget(older_than=timedelta(days=settings.WEBHOOK_LOG_DAYS))
