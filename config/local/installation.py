"""From empty servers to a site with content: what an operator would do by hand."""

import io
import os
import secrets
import traceback
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections, transaction

from config.local import terminal
from config.local.trouble import Trouble

LOGIN = "demo"
DEMO_DOMAIN = "@example.org"


def prepare(environment: Mapping[str, str], *, folder: Path, own_database: bool) -> str:
    """Migrate, load the content, collect files and make the log-in; its password for this run."""
    os.environ.update(environment)
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    with (folder / "logs" / "preparation.log").open("w", encoding="utf-8") as log:
        doing("application", django.setup, log)
        doing("migrations", lambda: call_command("migrate", verbosity=1, stdout=log), log)
        if not own_database:
            refuse_other_peoples_subscribers()
        doing("content", lambda: load_content(log), log)
        doing("static files", lambda: collect_static(folder, log), log)
        password = secrets.token_urlsafe(12)
        doing("log-in", lambda: make_login(password), log)
    return password


def disconnect() -> None:
    """Let go of the database, so that it can stop. Before the settings exist there is none."""
    if settings.configured:
        connections.close_all()


def doing(name: str, work: Callable[[], object], log: io.TextIOBase) -> None:
    """Do one step. What goes wrong is told in a line; the whole story goes to the log."""
    try:
        with terminal.step(name):
            work()
    except Exception as error:  # noqa: BLE001 - a command may fail in any way, told in one line
        traceback.print_exc(file=log)
        path = getattr(log, "name", "the log")
        reason = next(iter(str(error).splitlines()), "")
        raise Trouble(f"{name}: {type(error).__name__}: {reason}\nDetails: {path}") from None


def refuse_other_peoples_subscribers() -> None:
    """The demo moves time for everybody in the database, so it must have that for itself."""
    from nurture.models import Subscriber  # noqa: PLC0415

    if Subscriber.objects.exclude(address__endswith=DEMO_DOMAIN).exists():
        raise Trouble(
            "The database in DATABASE_URL has subscribers of its own, and the demo would send "
            "them months of mail. Name an empty database, or unset DATABASE_URL."
        )


def load_content(log: io.TextIOBase) -> None:
    call_command("load_content", stdout=log)
    compile_for_this_address()


def compile_for_this_address() -> None:
    """Mails are compiled at publish, with the address that the site had then. The port of an
    earlier demo may have been another one."""
    from nurture.models import Sequence, StepVersion  # noqa: PLC0415
    from nurture.models.sequence import publishing  # noqa: PLC0415

    newest = StepVersion.objects.order_by("step_id", "locale_id", "-number")
    newest = newest.distinct("step_id", "locale_id")
    if all(settings.SITE_URL in version.html for version in newest):
        return
    with transaction.atomic():
        for sequence in Sequence.objects.filter(live=True):
            publishing.send(sender=Sequence, sequence=sequence)


def collect_static(folder: Path, log: io.TextIOBase) -> None:
    """Collect and compress once for each set of packages and files."""
    stamp, state = folder / "static.stamp", state_of_static_files()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == state:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=1, stdout=log)
    stamp.write_text(state, encoding="utf-8")


def state_of_static_files() -> str:
    from django.contrib.staticfiles.finders import get_finders  # noqa: PLC0415

    found = (storage.path(name) for finder in get_finders() for name, storage in finder.list([]))
    states = sorted(f"{path} {Path(path).stat().st_mtime_ns}" for path in found)
    return sha256("\n".join([str(settings.STATIC_ROOT), *states]).encode()).hexdigest()


def make_login(password: str) -> None:
    from django.contrib.auth import get_user_model  # noqa: PLC0415

    users = get_user_model()
    user, _ = users.objects.get_or_create(username=LOGIN)
    user.is_staff = user.is_superuser = user.is_active = True
    user.set_password(password)
    user.save()
