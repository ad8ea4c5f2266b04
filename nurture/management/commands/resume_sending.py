from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count

from nurture import brake, due, reputation, sweep
from nurture.domain.states import CLAIMABLE, LEASED
from nurture.models import Brake, Enrolment, Halt, Message
from nurture.models.choices import values


class Command(BaseCommand):
    help = "Look at what a restored backup would send, and let it. Without options it only looks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--send", action="store_true", help="send all that waits")
        parser.add_argument(
            "--assume-sent",
            action="store_true",
            help="close what waits, and what is due by now, as perhaps sent: nobody gets it twice",
        )
        parser.add_argument(
            "--domain", help='let mail to this domain go on that complaints stopped; "*" for all'
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.show()
        if options["assume_sent"]:
            while due.plan(due.now()):
                pass
            self.stdout.write(f"closed as perhaps sent: {sweep.assume_sent()}")
        if options["send"] or options["assume_sent"]:
            brake.release()
            self.stdout.write("sending goes on")
        if domain := options["domain"]:
            going = reputation.release(domain)
            self.stdout.write(f"mail to {domain} {'goes on' if going else 'was not stopped'}")

    def show(self) -> None:
        on = brake.is_on()
        why = Brake.objects.values_list("pulled", flat=True).get()
        self.stdout.write(f"sending is stopped: {why}" if on else "sending")
        for halt in Halt.objects.in_force():
            self.stdout.write(f"stopped to {halt.domain}: {halt.reason}, {halt.bad}/{halt.mails}")
        waiting = Message.objects.filter(state__in=values(CLAIMABLE | LEASED))
        for kind, state, number in waiting.values_list("kind", "state").annotate(Count("pk")):
            self.stdout.write(f"  {kind} {state}: {number}")
        self.stdout.write(f"  due and not planned: {Enrolment.objects.due(due.now()).count()}")
