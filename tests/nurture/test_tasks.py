"""Doorbells: nothing waits in the broker, and a bell that rings twice is heard once."""

import inspect
from datetime import timedelta

import pytest

from config.beat import SCHEDULE
from config.celery import app
from nurture import tasks
from tests import smtp
from tests.cast import ANNA
from tests.factories import published_sequence
from tests.nurture.steps import crowd, enrolled


def ours() -> list[str]:
    app.loader.import_default_modules()
    return sorted(name for name in app.tasks if name.startswith(("nurture.", "cms.")))


@pytest.mark.parametrize("name", ours())
def test_a_bell_carries_nothing(name: str) -> None:
    """No address, no date, nothing that Redis could lose, keep too long or show to others."""
    assert not inspect.signature(app.tasks[name].run).parameters


@pytest.mark.parametrize("entry", sorted(SCHEDULE))
def test_every_ring_of_beat_is_for_a_task_and_dies_before_the_next(entry: str) -> None:
    ring = SCHEDULE[entry]
    schedule, options = ring["schedule"], ring["options"]

    assert ring["task"] in ours()
    assert isinstance(schedule, timedelta)
    assert isinstance(options, dict)
    assert options["expires"] < schedule.total_seconds()
    assert not {"eta", "countdown"} & set(options)


def test_a_bell_that_redis_delivers_twice_after_its_time_out_sends_once(
    db: None, relay: smtp.Relay
) -> None:
    enrolled(ANNA.joins(), published_sequence(steps=2))

    for _delivery in range(2):
        tasks.claim_due()
        tasks.send_programme()

    assert len(relay.mails) == 1


def test_a_long_queue_is_sent_in_short_tasks_that_ring_for_the_rest(
    db: None, relay: smtp.Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a worker can stop between two."""
    monkeypatch.setattr(tasks, "MAILS_A_TASK", 2)
    rung: list[str] = []
    monkeypatch.setattr(tasks, "ring", lambda task: rung.append(task.name))
    crowd(3, published_sequence(steps=1))

    tasks.send_programme()
    after_the_first = len(relay.mails)
    tasks.send_programme()

    assert (after_the_first, len(relay.mails)) == (2, 3)
    assert rung == ["nurture.send_programme"]
