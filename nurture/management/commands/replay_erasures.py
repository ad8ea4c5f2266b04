from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from nurture import privacy


class Command(BaseCommand):
    help = "After a backup was restored: erase again those whom it has brought back."

    def handle(self, *args: Any, **options: Any) -> None:
        again = privacy.replay(now=timezone.now())
        self.stdout.write(f"erased again: {again}")
