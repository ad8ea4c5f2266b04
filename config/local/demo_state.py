"""What a running demo tells other commands: its environment, in a file that only its user reads."""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

from config.local.processes import Processes

FOLDER = Path(__file__).resolve().parent.parent.parent / ".local"
ENVIRONMENT_FILE = "environment.json"


def environment(folder: Path = FOLDER) -> dict[str, str] | None:
    """The environment of the demo that runs now, or None."""
    if not Processes(folder).is_busy():
        return None
    try:
        found: dict[str, str] = json.loads((folder / ENVIRONMENT_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def publish(values: Mapping[str, str], *, folder: Path = FOLDER) -> None:
    _write_secret(folder / ENVIRONMENT_FILE, json.dumps(dict(values)))


def withdraw(folder: Path = FOLDER) -> None:
    (folder / ENVIRONMENT_FILE).unlink(missing_ok=True)


def secret(folder: Path = FOLDER) -> str:
    """Made once, so that the links in mails of earlier demos keep working."""
    path = folder / "secret"
    if not path.exists():
        _write_secret(path, secrets.token_hex(32))
    return path.read_text(encoding="utf-8")


def _write_secret(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
