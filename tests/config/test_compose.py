"""Compose hands on every setting, and the manual explains each: none can be set in vain."""

import re
from pathlib import Path

import pytest
import yaml

from config.environment import BASE_DIR, Environment

# DEBUG is for this machine alone; the folders are where the image has them.
NEVER_IN_COMPOSE = {"DEBUG", "MEDIA_ROOT", "STATIC_ROOT"}


def compose() -> dict[str, dict[str, object]]:
    loaded: dict[str, dict[str, object]] = yaml.safe_load(
        Path(BASE_DIR / "docker-compose.yml").read_text()
    )
    return loaded


def test_compose_hands_on_every_setting() -> None:
    assert set(compose()["x-settings"]) == set(Environment.model_fields) - NEVER_IN_COMPOSE


def test_every_volume_that_a_service_needs_exists() -> None:
    services = compose()["services"].values()
    named = {
        volume.split(":")[0]
        for service in services
        if isinstance(service, dict)
        for volume in service.get("volumes", [])
    }

    assert named == set(compose()["volumes"])


@pytest.mark.parametrize("setting", sorted(Environment.model_fields))
def test_the_manual_for_operators_names_each_setting(setting: str) -> None:
    manual = Path(BASE_DIR / "docs" / "operations.md").read_text()

    assert re.search(rf"`{setting}`", manual), f"docs/operations.md does not explain {setting}"
