"""The product's own Celery application, for workers that a test breaks (`-A tests.faults.app`).

Real tasks, settings and rows; only the clockwork is shorter, so that a test need not wait for
minutes. The lengths come from the test by the environment. The product knows nothing of it.
"""

import os
from datetime import timedelta

import django

django.setup()

from config.celery import app  # noqa: E402
from nurture import outbox, routing, sending  # noqa: E402

LEASE_SECONDS = float(os.environ.get("FAULTS_LEASE_SECONDS", "4"))
BEAT_SECONDS = float(os.environ.get("FAULTS_BEAT_SECONDS", "1"))

outbox.LEASE = timedelta(seconds=LEASE_SECONDS)
outbox.LEASE_RESERVE = timedelta(seconds=LEASE_SECONDS / 10)
outbox.LEASE_AFTER_HANDOVER = timedelta(seconds=2 * LEASE_SECONDS)
routing.FIRST_PAUSE, routing.LONGEST_PAUSE = timedelta(seconds=0.5), timedelta(seconds=2)
sending.BEGIN_WITHIN_SECONDS = LEASE_SECONDS / 2
for entry in app.conf.beat_schedule.values():
    if entry["task"].startswith("nurture."):
        entry["schedule"] = timedelta(seconds=BEAT_SECONDS)
