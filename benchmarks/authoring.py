"""What writing costs: compiling a sequence, recompiling 200 steps, and the substitution of a mail.

`.venv/bin/python -m config.local.run .venv/bin/python -m benchmarks.authoring` works in a throwaway
database, takes medians, and prints each figure beside its goal.
"""

import os
import statistics
import time
from collections.abc import Callable
from uuid import uuid4

import django

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


def told(what: str, goal: str, measured: str, *, met: bool) -> None:
    print(f"{what:<58}{goal:>14}{measured:>14}  {'ok' if met else 'MISSED'}")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    compiling()
    recompiling_many()
    substituting()


def compiling() -> None:
    from nurture.authoring import compile as compiler  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415

    page = factories.pictured_exercise()
    sequence = factories.published_sequence(steps=STEPS, exercises=[page] * 4)
    taken = seconds(lambda: compiler.compile_sequence(sequence))
    told(f"compile {STEPS} steps of 4 exercises", "< 1 s", f"{taken:.3f} s", met=taken < 1)


def recompiling_many() -> None:
    """What the editor of an exercise waits for, and what the background does afterwards."""
    from nurture.authoring import recompiling  # noqa: PLC0415
    from nurture.models import Dependency  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415

    page = factories.exercise_page()
    for _sequence in range(SHOWN_IN // STEPS + 1):
        factories.published_sequence(steps=STEPS, exercises=[page])
    waits = seconds(lambda: recompiling.ask(Dependency.Kind.PAGE, [page.pk]))
    page.title = f"Another title {uuid4().hex[:6]}"
    page.save_revision().publish()
    began = time.perf_counter()
    made = recompiling.work()
    taken = time.perf_counter() - began
    told(
        f"note {made} steps: what the editor waits for",
        "< 0.1 s",
        f"{waits:.3f} s",
        met=waits < 0.1,
    )
    told(f"recompile {made} steps in the background", "-", f"{taken:.1f} s", met=made >= SHOWN_IN)


def substituting() -> None:
    from nurture.mail import prepared  # noqa: PLC0415

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
    told(
        f"substitute into a mail of {size // 1000} kB",
        "< 150 µs",
        f"{taken:.0f} µs",
        met=taken < 150,
    )


if __name__ == "__main__":
    main()
