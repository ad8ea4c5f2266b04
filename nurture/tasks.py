"""Doorbells. A task carries nothing: it says "look", and the rows say what there is to do."""

import logging
from functools import partial

from celery import Task, shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from nurture import due, events, mailbox, reputation, retention, sending, sweep
from nurture.authoring import recompiling
from nurture.domain.states import TRANSACTIONAL
from nurture.staff import telling

log = logging.getLogger(__name__)

MAILS_A_TASK = 2_000


@shared_task(name="nurture.claim_due")
def claim_due() -> None:
    while due.claim(due.now()):
        ring(send_programme)


@shared_task(name="nurture.send_transactional")
def send_transactional() -> None:
    sending.send_claimed(TRANSACTIONAL)


@shared_task(name="nurture.send_programme")
def send_programme() -> None:
    # Short, so that a worker can stop between two: the next bell is for what is left.
    if sending.send_claimed(sending.PROGRAMME, limit=MAILS_A_TASK) >= MAILS_A_TASK:
        ring(send_programme)


@shared_task(name="nurture.sweep")
def repair() -> None:
    swept = sweep.sweep()
    if swept != sweep.NOTHING:
        log.warning("swept: %s", swept)
    events.match_waiting()
    for bell in (send_transactional, send_programme) if sweep.is_stuck() else ():
        ring(bell)


@shared_task(name="nurture.watch_reputation")
def watch_reputation() -> None:
    reputation.watch(timezone.now())
    telling.tell()


@shared_task(name="nurture.forget")
def forget() -> None:
    retention.forget(now=timezone.now())


@shared_task(name="nurture.read_bounces")
def read_bounces() -> None:
    if not settings.BOUNCE_MAILBOX_URL:
        return
    try:
        mailbox.read()
    except mailbox.Unreachable as error:
        log.warning("could not read %s", error)


@shared_task(name="nurture.recompile")
def recompile() -> None:
    recompiling.work()


def on_mails_planned(**_kwargs: object) -> None:
    ring_on_commit(send_transactional)


def on_recompile_asked(**_kwargs: object) -> None:
    ring_on_commit(recompile)


def ring_on_commit(task: "Task[[], None]") -> None:
    """Ring once the rows are there to be seen. `robust`: other commit hooks run in any case."""
    transaction.on_commit(partial(ring, task), robust=True)


def ring(task: "Task[[], None]") -> None:
    """Ring now. A broker that is away costs one beat, never the caller."""
    try:
        task.delay()
    except (OperationalError, OSError) as error:
        log.warning("could not ring %s: %s", task.name, type(error).__name__)
