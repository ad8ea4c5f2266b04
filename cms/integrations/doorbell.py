"""The bell for webhooks. It carries nothing: the rows say what there is to send."""

import logging

from celery import shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from cms.integrations import notices, sender

log = logging.getLogger(__name__)


@shared_task(name="cms.send_webhooks")
def send_webhooks() -> None:
    sender.run_alone()
    notices.tell()


def ring_on_commit() -> None:
    """Ring once for a transaction, however much it announces."""
    waiting = transaction.get_connection().run_on_commit
    if not any(callback is ring for _savepoints, callback, _robust in waiting):
        transaction.on_commit(ring, robust=True)


def ring() -> None:
    """A broker that is away costs one round of beat, never the caller."""
    try:
        send_webhooks.delay()
    except (OperationalError, OSError) as error:
        log.warning("could not ring %s: %s", send_webhooks.name, type(error).__name__)
