"""Other software at the same work, each in an environment of its own, so that ours stays ours."""

import subprocess
import sys
from pathlib import Path

from benchmarks.stand import ROOT, Stand

PINNED = ROOT / "requirements" / "peers.txt"


def environment(there: Stand) -> Path:
    """The Python of an environment with what is pinned for peers."""
    folder = there.processes.folder / "peers"
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", PINNED], check=True)
    return python


def post_office(there: Stand, mails: int, *, processes: int, rounds: int) -> list[float]:
    """Mails per second by django-post-office's own command, in a database of its own."""
    done = subprocess.run(
        [environment(there), "-m", "benchmarks.post_office", *map(str, (mails, processes, rounds))],
        check=True,
        cwd=ROOT,
        env={
            "PATH": there.environment["PATH"],
            "DJANGO_SETTINGS_MODULE": "benchmarks.post_office.settings",
            "PEER_DATABASE": there.database("post_office"),
            "PEER_PORT": str(there.port),
        },
        text=True,
        stdout=subprocess.PIPE,
    )
    return [float(line) for line in done.stdout.split()]
