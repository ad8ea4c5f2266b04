"""What one run measured, as lines of the one table (`benchmarks.__main__.Line`)."""

from typing import Any

# What is set against what, and how many times as fast it should be.
GOALS = (
    ("Rehabit, document", "plain view, document", 0.8),
    ("Rehabit, list of 20", "plain view, list of 20", 0.8),
    ("Rehabit, 304", "plain view, 304", 0.9),
    ("Rehabit, 304", "plain view, 304 by our SELECT", None),
    ("Rehabit, document", "Wagtail v3, detail", 10),
    ("Rehabit, document", "Wagtail v2, detail", None),
    ("Rehabit, list of 20", "Wagtail v2, list of 20, all fields", 20),
    ("Rehabit, list of 20", "Wagtail v3, list of 20", None),
    ("Rehabit, document", "nginx, file", None),
)
SEARCH_MS, RECOMPILED_PAGES, RECOMPILE_SECONDS, CALM_TIMES = 20, 200, 5, 2


def lines(results: dict[str, Any]) -> list[dict[str, Any]]:
    speeds = {speed["what"]: speed["per_second"] for speed in results["speeds"]}
    plain = [line(what, speed, "requests/s") for what, speed in speeds.items()]
    against = [
        line(
            f"{one} ({other})",
            speeds[one],
            "requests/s",
            against=other,
            ratio=speeds[one] / speeds[other],
            goal=goal,
        )
        for one, other, goal in GOALS
        if one in speeds and other in speeds
    ]
    return [*plain, *against, *recompiled(results["recompile"]), *searched(results["search"])]


def recompiled(found: dict[str, float]) -> list[dict[str, Any]]:
    """Whatever the number of pages, set against the time for as many as the goal names."""
    took = found["seconds"] * RECOMPILED_PAGES / found["pages"]
    what = f"{RECOMPILED_PAGES} pages compiled again, under load"
    busy, calm = found["p99_busy"], found["p99_calm"]
    return [
        within(what, took, "s", RECOMPILE_SECONDS),
        line(
            "p99 of reads meanwhile",
            busy,
            "ms",
            against="calm",
            ratio=busy / calm,
            goal=CALM_TIMES,
            at_most=True,
        ),
    ]


def searched(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        within(f"search {each['pages']:,} pages for “{each['asked']}”", each["ms"], "ms", SEARCH_MS)
        for each in found
    ]


def within(what: str, measured: float, unit: str, most: float) -> dict[str, Any]:
    against = f"{most} {unit}"
    ratio = measured / most
    return line(what, measured, unit, against=against, ratio=ratio, goal=1, at_most=True)


def line(what: str, measured: float, unit: str, **more: Any) -> dict[str, Any]:
    return {"what": f"content API: {what}", "measured": measured, "unit": unit, **more}
