"""How hard Hypothesis looks: `HYPOTHESIS_PROFILE=deep` is for the night, `normal` for each run."""

import os

from hypothesis import HealthCheck, settings


def load() -> None:
    quiet = [HealthCheck.too_slow]
    # What it finds stays as an `@example`, not in a folder that nobody commits.
    settings.register_profile(
        "normal", max_examples=100, deadline=None, database=None, suppress_health_check=quiet
    )
    settings.register_profile("deep", settings.get_profile("normal"), max_examples=20_000)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "normal"))
