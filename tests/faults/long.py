"""The long form: `make faults LONG=1 SEED=7`. Workers, database and broker break, mail goes out.

Prints a table and ends with an error if a mail was doubled or lost without a word.
"""

import argparse
import os
import random
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from config.local import throwaway
from config.local.children import Child
from tests import smtp
from tests.faults.lab import Installation, Lab, django_looks_at, pool, signalled

WORKERS = 3
POOL = 2
STALL_SECONDS = 0.08
FEW = 200
AT_MOST_SECONDS = 3 * 3_600


@dataclass
class Chaos:
    """Breaks something every now and then, and counts what it broke."""

    installation: Installation
    relay: smtp.Relay
    chance: random.Random
    workers: list[Child] = field(default_factory=list)
    beat: Child | None = None
    done: Counter[str] = field(default_factory=Counter)

    def start(self) -> None:
        self.workers = [self.installation.worker(concurrency=POOL) for _ in range(WORKERS)]
        self.beat = self.installation.beat(FAULTS_BEAT_SECONDS="0.5")

    def strike(self) -> None:
        """One fault, most often the death of a process that works."""
        acts = {
            self.kill_pool: 930,
            self.kill_worker: 15,
            self.cut_sessions: 40,
            self.crash: 5,
            self.wipe: 10,
            self.lose_an_answer: 100,  # one by one: many in a row are an outage
        }
        self.chance.choices(list(acts), list(acts.values()))[0]()

    @property
    def kills(self) -> int:
        return self.done["pool processes killed"] + self.done["workers killed"]

    def kill_pool(self) -> None:
        victims = [child for worker in self.workers for child in pool(worker)]
        with suppress(psutil.NoSuchProcess, IndexError):
            self.chance.choice(victims).kill()
            self.done["pool processes killed"] += 1

    def kill_worker(self) -> None:
        number = self.chance.randrange(WORKERS)
        signalled(self.workers[number], signal.SIGKILL)
        self.workers[number].process.wait()
        self.workers[number] = self.installation.worker(concurrency=POOL)
        self.done["workers killed"] += 1

    def cut_sessions(self) -> None:
        self.installation.lab.cut_sessions()
        self.done["database sessions cut (all at once)"] += 1

    def crash(self) -> None:
        self.installation.lab.crash_database()
        self.done["database crashes"] += 1

    def wipe(self) -> None:
        self.installation.lab.kill_redis()
        self.installation.lab.restart_redis()
        self.done["broker killed and wiped"] += 1

    def lose_an_answer(self) -> None:
        self.relay.hang_up(smtp.Phase.DOT)
        self.done["answers to a whole mail lost"] += 1

    def supervise(self) -> None:
        """As docker does: what ended by itself is started again."""
        for number, worker in enumerate(self.workers):
            if not worker.is_alive():
                self.workers[number] = self.installation.worker(concurrency=POOL)
                self.done["workers that ended by themselves"] += 1
        if self.beat and not self.beat.is_alive():
            self.beat = self.installation.beat(FAULTS_BEAT_SECONDS="0.5")


def main() -> int:
    arguments = parser().parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):  # what was started is stopped then, too
        signal.signal(number, signal.default_int_handler)
    servers = throwaway.start(os.environ)
    os.environ.update(servers.environment)
    lab = Lab.open(dump=None)
    try:
        return run(lab, arguments)
    finally:
        lab.close()
        servers.stop()


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--mails", type=int, default=20_000)
    options.add_argument("--kills", type=int, default=1_000)
    return options


def run(lab: Lab, arguments: argparse.Namespace) -> int:
    import django  # noqa: PLC0415  # its settings exist only now

    django.setup()
    from tests.faults import promises  # noqa: PLC0415

    with smtp.Relay() as relay, django_looks_at(lab.new_database()) as database:
        relay.stall(smtp.Phase.DATA, seconds=STALL_SECONDS, times=float("inf"))
        installation = Installation(lab, database, relay.port)
        chaos = Chaos(installation, relay, random.Random(arguments.seed))
        began = time.monotonic()
        try:
            break_and_wait(chaos, relay, arguments)
        finally:
            installation.stop()
        tally = promises.count(relay)
    report(tally, chaos, seed=arguments.seed, seconds=time.monotonic() - began)
    unfinished = sum(tally.by_state.get(state, 0) for state in ("queued", "claimed", "submitting"))
    return int(not tally.holds or bool(unfinished))


def break_and_wait(chaos: Chaos, relay: smtp.Relay, arguments: argparse.Namespace) -> None:
    from django.db import Error, connections  # noqa: PLC0415

    from tests.faults import people, promises  # noqa: PLC0415

    planned = arguments.mails
    sequence = people.crowd(planned, planned=False)
    chaos.start()
    began = said = time.monotonic()
    while time.monotonic() - began < AT_MOST_SECONDS:
        time.sleep(chaos.chance.uniform(0.1, 0.35))
        try:
            if chaos.kills < arguments.kills:
                if still_to_go() < FEW:  # what breaks must break something
                    people.crowd(500, sequence, planned=False)
                    planned += 500
                chaos.strike()
            elif len(relay.mails) >= planned // 2 and promises.is_quiet() and nobody_is_due():
                return
        except Error:
            connections.close_all()
        chaos.supervise()
        if time.monotonic() - said > 15:
            said = time.monotonic()
            print(f"  {len(relay.mails)} of {planned} mails, {chaos.kills} kills", flush=True)


def still_to_go() -> int:
    """Mails that may leave now, and people whose time has come."""
    from nurture.models import Enrolment, Message  # noqa: PLC0415

    waiting = Message.objects.claimable().count()
    return waiting + Enrolment.objects.filter(due_at__isnull=False).count()


def nobody_is_due() -> bool:
    from nurture.models import Enrolment  # noqa: PLC0415

    return not Enrolment.objects.filter(due_at__isnull=False).exists()


def report(tally: "object", chaos: Chaos, *, seed: int, seconds: float) -> None:
    from tests.faults.promises import Tally  # noqa: PLC0415

    assert isinstance(tally, Tally)
    rows = [
        ("seed", seed),
        ("minutes", round(seconds / 60, 1)),
        ("mails", tally.mails),
        *sorted(chaos.done.items()),
        ("accepted by the relay", tally.accepted),
        ("doubled", tally.doubled),
        ("lost silently", tally.lost),
        ("unknown", tally.unknown),
        ("of these accepted in fact", tally.unknown_but_accepted),
        *((f"rows {state}", number) for state, number in sorted(tally.by_state.items())),
    ]
    for name, value in rows:
        print(f"{name:.<40} {value}")


if __name__ == "__main__":
    sys.exit(main())
