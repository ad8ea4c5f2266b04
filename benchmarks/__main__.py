"""`make bench`: prints one table and writes `benchmarks/results.json`.

`--quick` takes fewer mails and rounds, `--rows` bounds the largest table of enrolments.
"""

import argparse
import json
import os
import signal
import statistics
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from benchmarks import stand
from benchmarks.stand import Stand

RESULTS = Path(__file__).parent / "results.json"
MEGABYTE = 1_048_576


@dataclass(frozen=True, slots=True)
class Line:
    """`goal` and `ratio` are about the same thing; a ratio of at least the goal is good."""

    what: str
    measured: float
    unit: str
    against: str = ""
    ratio: float | None = None
    goal: float | None = None
    at_most: bool = False

    @property
    def verdict(self) -> str:
        if self.goal is None or self.ratio is None:
            return ""
        good = self.ratio <= self.goal if self.at_most else self.ratio >= self.goal
        return "met" if good else f"missed by {abs(1 - self.ratio / self.goal):.0%}"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--only", default="sends,slow,due,memory,signup,authoring,content")
    given = options.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):  # what was started is stopped then, too
        signal.signal(number, signal.default_int_handler)
    lines: list[Line] = []
    with stand.stand() as there:
        import django  # noqa: PLC0415  # its settings exist only now

        django.setup()
        for name in given.only.split(","):
            for line in PARTS[name](there, given):
                lines.append(line)
                print(f"  {line.what}: {line.measured:,.1f} {line.unit} {line.verdict}", flush=True)
            if not given.quick:
                write(lines)
    show(lines)
    return 0


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def sends(there: Stand, given: argparse.Namespace) -> Iterable[Line]:
    from benchmarks import peers, people, sends  # noqa: PLC0415

    mails, rounds = (500, 2) if given.quick else (2_000, 5)

    def way(name: str, number: int, *, pinned: bool = False) -> float:
        with stand.sink(there, pinned=pinned):
            runs = [
                float(there.python("benchmarks.limits", name, str(number), pinned=pinned))
                for _round in range(rounds)
            ]
        return median(runs)

    limit = way("ready", mails, pinned=True)
    hundreds, one_by_one = way("hundreds", mails // 4), way("one_by_one", mails // 4)
    yield Line("smtplib, kept connection, ready bytes, pinned", limit, "mails/s")
    yield Line("Django, send_messages of 100", hundreds, "mails/s")
    yield Line("Django, a connection for each mail", one_by_one, "mails/s")
    with stand.sink(there):
        peer = median(peers.post_office(there, mails, processes=2, rounds=rounds))
    yield Line("django-post-office, 2 processes", peer, "mails/s")
    people.queue(mails, people.programme())
    for concurrency in (1, 2):
        with stand.sink(there):
            ours = median(sends.rates(there, mails, concurrency=concurrency, rounds=rounds))
        name = f"Rehabit, recorded, {concurrency} process" + "es" * (concurrency > 1)
        yield Line(name, ours, "mails/s", "smtplib, ready bytes", ours / limit, 0.5)
        yield Line(name, ours, "mails/s", "Django, send_messages of 100", ours / hundreds, 2.5)
        yield Line(name, ours, "mails/s", "Django, a connection each", ours / one_by_one, 3)
    yield Line(name, ours, "mails/s", "django-post-office, 2 processes", ours / peer, 5)


def slow(there: Stand, given: argparse.Namespace) -> Iterable[Line]:
    """Each mail takes four replies of 20 ms: 12.5 a second on one kept connection, a little less
    in fact, by `smtplib`."""
    from benchmarks import people, sends, slow_sink  # noqa: PLC0415
    from nurture.models import Message, Sequence  # noqa: PLC0415

    if not Sequence.objects.exists():
        people.queue(500 if given.quick else 2_000, people.programme())
    server = there.start("slow", "benchmarks.slow_sink", str(there.port))
    stand.wait_for_port(there.port)
    try:
        single = float(there.python("benchmarks.limits", "ready", "50"))
        yield Line("a relay of 20 ms a reply, smtplib, one connection", single, "mails/s")
        bare = 4 * slow_sink.DELAY_SECONDS
        for connections in (8, 64):
            with sends.worker(there, concurrency=1, SMTP_CONNECTIONS=str(connections)):
                people.again()
                sends.rate(Message.objects.count(), concurrency=1)
                people.again()
                ours = sends.rate(Message.objects.count(), concurrency=1)
            name = f"a relay of 20 ms a reply, {connections} connections"
            against = f"{connections} times smtplib with one"
            yield Line(name, ours, "mails/s", against, ours / (connections * single), 0.8)
            waits = f"{connections} times 12.5: waits alone"
            yield Line(name, ours, "mails/s", waits, ours * bare / connections)
    finally:
        server.stop()


def due(there: Stand, given: argparse.Namespace) -> Iterable[Line]:
    from benchmarks import people, planning  # noqa: PLC0415

    sequence = people.programme()
    rate = planning.planned_per_second(sequence, 5_000 if given.quick else 50_000)
    yield Line("due enrolments planned", rate, "per second", "10,000 a second", rate / 10_000, 1)
    first = alone = None
    for rows in (100_000, 1_000_000, 10_000_000):
        if rows > given.rows:
            break
        planning.grow(sequence, to=rows)
        cost = median(planning.claim_seconds(sequence, 7)) * 1_000
        first = first or cost
        what = f"claim 1,000 due of {rows:,} enrolments"
        yield Line(what, cost, "ms", "the same of 100,000", cost / first, 1.5, at_most=True)
        idle = median(planning.idle_seconds(7)) * 1_000
        alone = alone or idle
        what = f"look among {rows:,} enrolments when nothing is due"
        yield Line(what, idle, "ms", "the same among 100,000", idle / alone, 1.5, at_most=True)


def memory(there: Stand, given: argparse.Namespace) -> Iterable[Line]:
    from benchmarks import people, sends  # noqa: PLC0415

    sequence, first = people.programme(), None
    for mails in (1_000, 5_000 if given.quick else 100_000):
        people.queue(mails, sequence)
        with stand.sink(there), sends.worker(there, concurrency=1) as worker:
            sends.tasks.ring(sends.tasks.send_programme)
            peak = watch(worker.pid, lambda: not people.waiting())
        first = first or peak
        what = f"the sender's peak with {mails:,} queued (PSS)"
        yield Line(what, peak, "MB", "that with 1,000", peak / first, 1.2, at_most=True)
        yield Line(what, peak, "MB", "200 MB", peak / 200, 1, at_most=True)


def watch(pid: int, done: object) -> float:
    """The largest PSS of a worker's own process while it works, in MB."""
    assert callable(done)
    peak = 0.0
    began = time.monotonic()
    while not done() and time.monotonic() - began < 600:
        for child in psutil.Process(pid).children():
            peak = max(peak, child.memory_full_info().pss / MEGABYTE)
        time.sleep(0.2)
    return peak


def signup(there: Stand, given: argparse.Namespace) -> Iterable[Line]:
    """While a long queue of programme mails goes out, people sign up one after the other."""
    from benchmarks import people, sends, signups  # noqa: PLC0415

    people.queue(3_000 if given.quick else 100_000, people.programme())
    with stand.sink(there), sends.worker(there, concurrency=1):
        with sends.worker(there, concurrency=1, QUEUES="transactional"):
            sends.tasks.ring(sends.tasks.send_programme)
            waits = signups.waits(20 if given.quick else 100)
    p99 = statistics.quantiles(waits, n=100)[98]
    yield Line("signup to accepted confirmation, p50", median(waits), "s")
    yield Line("the same, p99", p99, "s", "2 s", p99 / 2, 1, at_most=True)


def authoring(there: Stand, given: argparse.Namespace) -> Iterable[Line]:
    from benchmarks import authoring  # noqa: PLC0415

    for values in authoring.measured():
        yield Line(**values)


def content(there: Stand, given: argparse.Namespace) -> Iterable[Line]:
    from benchmarks import content  # noqa: PLC0415

    for values in content.measured(seconds=1 if given.quick else 5):
        yield Line(**values)


PARTS = {
    "sends": sends,
    "slow": slow,
    "due": due,
    "memory": memory,
    "signup": signup,
    "authoring": authoring,
    "content": content,
}


def show(lines: list[Line]) -> None:
    print(f"{'what':58} {'measured':>16} {'ratio':>7} {'goal':>7}  against")
    above = ""
    for line in lines:
        ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
        goal = "" if line.goal is None else f"{'<' if line.at_most else '>'} {line.goal}"
        measured = f"{line.measured:,.1f} {line.unit}"
        what = "" if line.what == above else line.what
        above = line.what
        print(f"{what:58} {measured:>16} {ratio:>7} {goal:>7}  {line.against} {line.verdict}")


def write(lines: list[Line]) -> None:
    machine = {"cpus": os.cpu_count(), "python": sys.version.split()[0]}
    rows = [{**asdict(line), "verdict": line.verdict} for line in lines]
    fresh = {row["what"] for row in rows}
    if RESULTS.exists():  # of the parts that did not run, what was measured before
        known = json.loads(RESULTS.read_text())["lines"]
        rows = [row for row in known if row["what"] not in fresh] + rows
    RESULTS.write_text(json.dumps({"machine": machine, "lines": rows}, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
