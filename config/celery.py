"""The Celery app. A task is a doorbell: it carries nothing and says "look"."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("rehabit")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# A worker waits for its bell and may wait long; a visitor who rings it must not.
WORKER_SOCKET_SECONDS = 5
# So many new objects before the collector looks: about those of two batches.
YOUNG_OBJECTS = 50_000


@celeryd_init.connect
def wait_longer(conf: Any, **_kwargs: Any) -> None:
    conf.broker_transport_options = {
        **conf.broker_transport_options,
        "socket_timeout": WORKER_SOCKET_SECONDS,
    }


@worker_process_init.connect
def leave_alone_what_stays(**_kwargs: Any) -> None:
    """Rows come and go by the thousand, and each time the collector would go through all modules
    that are loaded, too: a fifth of what a mail costs (decision 0043). Those stay until the end.
    """
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
