"""The content API, measured by its own module on a database of its own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.content_api import lines
from benchmarks.stand import ROOT


def measured(*, seconds: int) -> Iterator[dict[str, Any]]:
    """Values of lines of the table. Needs wrk, and nginx for the hard limit."""
    bare = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "results.json"
        module = ["-m", "benchmarks.content_api", "--seconds", str(seconds), "--json", str(file)]
        command = [sys.executable, "-m", "config.local.run", sys.executable, *module]
        subprocess.run(command, check=True, cwd=ROOT, env=bare, stdout=subprocess.DEVNULL)
        yield from lines.lines(json.loads(file.read_text()))
