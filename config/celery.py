"""The Celery app. A task is a doorbell: it carries nothing and says "look"."""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("rehabit")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# A worker waits for its bell and may wait long; a visitor who rings it must not.
WORKER_SOCKET_SECONDS = 5


@celeryd_init.connect
def wait_longer(conf: Any, **_kwargs: Any) -> None:
    conf.broker_transport_options = {
        **conf.broker_transport_options,
        "socket_timeout": WORKER_SOCKET_SECONDS,
    }
