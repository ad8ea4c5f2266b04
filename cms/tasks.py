"""Doorbells for content. The work is Wagtail's and Django's own commands."""

from celery import shared_task
from django.core.management import call_command


@shared_task(name="cms.publish_scheduled")
def publish_scheduled() -> None:
    call_command("publish_scheduled", verbosity=0)


@shared_task(name="cms.clear_sessions")
def clear_sessions() -> None:
    call_command("clearsessions", verbosity=0)
