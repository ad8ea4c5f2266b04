from typing import Any

from django.core.management.base import BaseCommand

from nurture import brake
from nurture.domain.states import Braked


class Command(BaseCommand):
    help = "Stop all sending at once, until `resume_sending`. Mails at the relay are past stopping."

    def handle(self, *args: Any, **options: Any) -> None:
        brake.pull(Braked.BY_HAND)
        self.stdout.write("nothing is sent any more; go on with: manage.py resume_sending --send")
