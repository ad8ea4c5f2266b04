"""Prints a table; see the package. Needs wrk, and nginx for the hard limit."""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from benchmarks.content_api.lines import lines
from config.local import ports

# With few connections chance gives one worker most of them, and halves a rate.
WORKERS, THREADS, CONNECTIONS = 2, 4, 32
NGINX = """
worker_processes 2; pid {folder}/pid; error_log {folder}/error.log; daemon off;
events {{}}
http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {folder}; }} }}
"""


@dataclass(frozen=True, slots=True)
class Speed:
    what: str
    per_second: float
    p99_ms: float


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.content_api.settings"
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], check=True)
    import django  # noqa: PLC0415

    django.setup()
    from benchmarks.content_api import content  # noqa: PLC0415

    content.fill()
    results = measure(given.seconds)
    if given.json:
        given.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0


def measure(seconds: int) -> dict[str, Any]:
    from cms.models import Document  # noqa: PLC0415

    document = Document.objects.filter(type="article").order_by("title")[0]
    shown = f"/api/v1/articles/{document.key}/"
    known = ["-H", f'If-None-Match: "{document.etag}"']
    with (
        gunicorn("benchmarks.content_api.bare") as bare,
        gunicorn("benchmarks.content_api.settings") as ours,
        nginx(document.body) as static,
    ):
        asked = {
            "plain view, document": (f"{bare}/plain/{document.pk}/", []),
            "Rehabit, document": (f"{ours}{shown}", []),
            "plain view, 304": (f"{bare}/plain/{document.pk}/304/", []),
            "plain view, 304 by our SELECT": (
                f"{bare}/plain/by-key/{document.key}/304/",
                known,
            ),
            "Rehabit, 304": (f"{ours}{shown}", known),
            "plain view, list of 20": (f"{bare}/plain/", []),
            "Rehabit, list of 20": (f"{ours}/api/v1/articles/?limit=20", []),
            "plain view behind our middleware": (f"{ours}/plain/{document.pk}/", []),
            "nginx, file": (f"{static}/document.json", []),
            "Wagtail v2, detail": (f"{ours}/api/v2/pages/{document.page_id}/", []),
            "Wagtail v2, list of 20, all fields": (
                f"{ours}/api/v2/pages/?type=cms.ArticlePage&fields=*&limit=20",
                [],
            ),
            "Wagtail v3, detail": (f"{ours}/api/v3/pages/{document.page_id}/", []),
            "Wagtail v3, list of 20": (f"{ours}/api/v3/pages/?limit=20", []),
        }
        if not static:
            del asked["nginx, file"]
        # In turns, a second each: what else the machine does meanwhile then meets all alike.
        rounds = [
            {what: wrk(what, url, extra, 1) for what, (url, extra) in asked.items()}
            for _round in range(seconds)
        ]
        speeds = {what: median([each[what] for each in rounds]) for what in asked}
        again = recompile(ours + shown, seconds)
        searching = search(ours)
    results = {
        "bytes": len(document.body),
        "speeds": [asdict(speed) for speed in speeds.values()],
        "recompile": again,
        "search": searching,
    }
    show(results)
    return results


def show(results: dict[str, Any]) -> None:
    print(f"a document of {results['bytes']:,} bytes; {WORKERS} gunicorn workers\n")
    for speed in results["speeds"]:
        print(
            f"{speed['what']:40} {speed['per_second']:>10,.0f} a second  p99 {speed['p99_ms']} ms"
        )
    for line in lines(results):
        if "ratio" in line:
            goal = f"goal {line['goal']}" if line["goal"] else ""
            print(f"{line['what']:70} {line['ratio']:.2f} {goal}")


def median(speeds: list[Speed]) -> Speed:
    return Speed(
        speeds[0].what,
        statistics.median(each.per_second for each in speeds),
        statistics.median(each.p99_ms for each in speeds),
    )


def wrk(what: str, url: str, extra: list[str], seconds: int) -> Speed:
    if "304" not in what:
        with urllib.request.urlopen(url) as response:
            assert response.status == 200, what
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *extra, url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said, f"{what}: {said}"
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    slow = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    assert rate, said
    assert slow, said
    unit = {"us": 0.001, "ms": 1, "s": 1_000}[slow[2]]
    return Speed(what, float(rate[1]), float(slow[1]) * unit)


def recompile(url: str, seconds: int) -> dict[str, float]:
    """An exercise that all articles show is published; meanwhile others read."""
    from cms.documents import working  # noqa: PLC0415
    from cms.models import ExercisePage  # noqa: PLC0415

    calm = wrk("calm", url, [], seconds).p99_ms
    page = ExercisePage.objects.order_by("pk")[0]
    page.summary = "Another small move."
    page.save_revision().publish()
    busy: list[float] = []
    reader = Thread(target=lambda: busy.append(wrk("busy", url, [], seconds).p99_ms))
    reader.start()
    began = time.perf_counter()
    pages = working.work()
    took = time.perf_counter() - began
    reader.join()
    return {"pages": pages, "seconds": took, "p99_busy": busy[0], "p99_calm": calm}


def search(base: str) -> list[dict[str, Any]]:
    from benchmarks.content_api import content  # noqa: PLC0415

    pages = content.grow(to=10_000)
    found = []
    for asked in ("carries", "knee load", "carreis"):
        times = []
        for _round in range(12):
            began = time.perf_counter()
            with urllib.request.urlopen(f"{base}/api/v1/search/?q={asked.replace(' ', '+')}") as r:
                r.read()
            times.append((time.perf_counter() - began) * 1_000)
        found.append({"pages": pages, "asked": asked, "ms": statistics.median(times[2:])})
    return found


@contextmanager
def gunicorn(settings: str) -> Iterator[str]:
    port = ports.free_port()
    command = [sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(WORKERS), "--threads", str(THREADS), "--log-level", "error"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": settings}
    with running([*command, "--no-control-socket"], f"http://localhost:{port}", environment) as url:
        yield url


@contextmanager
def nginx(body: str) -> Iterator[str]:
    binary = shutil.which("nginx")
    if binary is None:
        yield ""
        return
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), ports.free_port()
        folder.chmod(0o755)
        (folder / "document.json").write_text(body)
        (folder / "conf").write_text(NGINX.format(folder=folder, port=port))
        command = [binary, "-c", str(folder / "conf"), "-e", str(folder / "error.log")]
        with running(command, f"http://127.0.0.1:{port}", dict(os.environ)) as url:
            yield url


@contextmanager
def running(command: list[str], url: str, environment: dict[str, str]) -> Iterator[str]:
    process = subprocess.Popen(command, env=environment)
    try:
        for _try in range(200):
            with suppress(OSError):
                with suppress(urllib.error.HTTPError), urllib.request.urlopen(f"{url}/health/live"):
                    pass
                break
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    sys.exit(main())
