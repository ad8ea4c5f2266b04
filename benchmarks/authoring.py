"""What writing costs: compiling a sequence, recompiling 200 steps, substituting into a mail."""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from nurture.authoring import compile as compiler
from nurture.authoring import recompiling
from nurture.mail import prepared
from nurture.models import Dependency
from tests import factories

Values = dict[str, Any]  # of a line of the table

ROUNDS = 5
STEPS = 12
SHOWN_IN = 200
MAILS = 2_000
BYTES = 20_000


def seconds(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The median of some rounds."""
    taken = []
    for _round in range(rounds):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def within(what: str, taken: float, unit: str, goal: float) -> Values:
    against = f"{goal:g} {unit}"
    return {
        "what": what,
        "measured": taken,
        "unit": unit,
        "against": against,
        "ratio": taken / goal,
        "goal": 1,
        "at_most": True,
    }


def measured() -> Iterator[Values]:
    yield compiling()
    yield from recompiling_many()
    yield substituting()


def compiling() -> Values:
    page = factories.pictured_exercise()
    sequence = factories.published_sequence(steps=STEPS, exercises=[page] * 4)
    taken = seconds(lambda: compiler.compile_sequence(sequence))
    return within(f"compile {STEPS} steps of 4 exercises", taken, "s", 1)


def recompiling_many() -> Iterator[Values]:
    """What the editor of an exercise waits for, and what the background does afterwards."""
    page = factories.exercise_page()
    for _sequence in range(SHOWN_IN // STEPS + 1):
        factories.published_sequence(steps=STEPS, exercises=[page])
    waits = seconds(lambda: recompiling.ask(Dependency.Kind.PAGE, [page.pk]))
    page.title = f"Another title {uuid4().hex[:6]}"
    page.save_revision().publish()
    began = time.perf_counter()
    made = recompiling.work()
    taken = time.perf_counter() - began
    yield within(f"note {made} steps: what the editor waits for", waits, "s", 0.1)
    yield {"what": f"recompile {made} steps in the background", "measured": taken, "unit": "s"}


def substituting() -> Values:
    words = "Muscles learn by doing the same thing well, many times over. "
    html = f"<p>Hi {{{{first_name}}}},</p><p>{words * (BYTES // (2 * len(words)))}</p>" + (
        '<a href="{{unsubscribe_url}}">stop</a><a href="{{preferences_url}}">change</a>'
        + "".join(f'<a href="{{{{checkin_url_{n}}}}}">{n}</a>' for n in range(1, 6))
    )
    mail = prepared.prepare("Week {{first_name}}", text=html, html=html)
    url = "https://care.example.org/u/" + "x" * 52 + "/"
    values = {"first_name": "Kim", "unsubscribe_url": url, "preferences_url": url}
    values |= {f"checkin_url_{n}": url for n in range(1, 6)}
    size = len(mail.content(values))

    def many() -> None:
        for _mail in range(MAILS):
            mail.content(values)

    taken = seconds(many) / MAILS * 1e6
    return within(f"substitute into a mail of {size // 1000} kB", taken, "µs", 150)
