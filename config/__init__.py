"""The installation: settings, URLs, the Celery app. Nothing here knows a rule of the product."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
