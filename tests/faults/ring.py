"""A visitor's process that rings the doorbell on commit: what it cost, and what still ran."""

import time

import django

django.setup()

from django.db import transaction  # noqa: E402

from nurture import tasks  # noqa: E402


def main() -> None:
    ran: list[str] = []
    with transaction.atomic():
        tasks.ring_on_commit(tasks.send_transactional)
        transaction.on_commit(lambda: ran.append("later hook"))
        started = time.monotonic()
    print(f"{time.monotonic() - started:.1f} {ran}")


if __name__ == "__main__":
    main()
