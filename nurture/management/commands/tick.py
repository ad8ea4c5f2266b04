from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from nurture import due, reputation, retention
from nurture.staff import telling
from nurture.tick import tick

FORGET_SECONDS = 10
YEARS = range(2000, 2200)  # calendars end, and a typing error should not plan what lies far off


class Command(BaseCommand):
    help = "Do one full round in this process: repair, plan what is due, send. For cron."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--at", help="plan as if it were this time, e.g. 2026-03-08T09:00-05:00"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = due.now() if options["at"] is None else moment(options["at"])
        done = tick(now)
        reputation.watch(timezone.now())
        telling.tell()
        retention.forget(now=timezone.now(), seconds=FORGET_SECONDS)
        self.stdout.write(
            f"planned {done.planned}, transactional {done.transactional}, "
            f"programme {done.programme}"
        )


def moment(text: str) -> datetime:
    """Raises `CommandError` for what is not a time with an offset."""
    try:
        parsed = parse_datetime(text)
    except ValueError as error:
        raise CommandError(f"--at {text}: {error}") from None
    if parsed is None:
        raise CommandError(f"--at {text}: use a time such as 2026-03-08T09:00:00-05:00")
    if parsed.utcoffset() is None:
        raise CommandError(
            f"--at {text}: add an offset such as Z or -05:00; without it, it is no moment"
        )
    if parsed.year not in YEARS:
        raise CommandError(f"--at {text}: no programme runs in the year {parsed.year}")
    return parsed
