"""What a worker process does with its memory."""

import gc

from config.celery import leave_alone_what_stays


def test_what_a_worker_has_loaded_is_not_gone_through_again() -> None:
    before = gc.get_threshold()
    try:
        leave_alone_what_stays()

        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold() > before
        assert gc.isenabled()
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
