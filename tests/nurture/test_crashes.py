"""Real processes, killed with signal 9 where it hurts. The promises hold all the same.

I1 nothing is accepted twice; I2 nothing is lost without a word; I3 what the row calls accepted is
accepted; I4 what was not accepted is not called so; I5 nothing stays in a dead process's hands.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from nurture import sending
from nurture.domain.states import LEASED, EnrolmentState, MessageState
from nurture.models import Enrolment, Message
from nurture.sending import PROGRAMME
from nurture.sweep import sweep
from nurture.tick import tick
from tests import smtp
from tests.cast import ANNA
from tests.factories import published_sequence
from tests.nurture.steps import planned, time_passes
from tests.smtp import Phase

SECONDS = 120


@contextmanager
def child(task: str, relay: smtp.Relay) -> Iterator["subprocess.Popen[str]"]:
    """Our script in a process of its own, with this test's database and relay."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(
        path=f"/{connection.settings_dict['NAME']}"
    )
    environment = {
        **os.environ,
        "DATABASE_URL": database.geturl(),
        "SMTP_URL": f"smtp://127.0.0.1:{relay.port}",
    }
    code = f"from tests.nurture import child; child.{task}()"
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    with subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment, text=True, stdout=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()


def killed_at(phase: Phase, relay: smtp.Relay) -> None:
    """Start a sender and kill it when the relay comes to this phase."""
    victims: list[subprocess.Popen[str]] = []
    born = threading.Event()

    def kill() -> None:
        born.wait()
        victims[0].kill()
        victims[0].wait()

    relay.before(phase, kill)
    with child("send", relay) as process:
        victims.append(process)
        born.set()
        process.wait(SECONDS)
    assert process.returncode == -signal.SIGKILL


@pytest.fixture
def mail(committed: None) -> Message:
    return planned(ANNA.joins(), published_sequence(steps=2))


def test_a_sender_that_is_killed_before_the_fence_has_sent_nothing(
    mail: Message, relay: smtp.Relay
) -> None:
    killed_at(Phase.DATA, relay)

    mail.refresh_from_db()
    assert mail.state == MessageState.CLAIMED
    assert not relay.mails


def test_its_mail_is_sent_once_in_the_end(mail: Message, relay: smtp.Relay) -> None:
    killed_at(Phase.DATA, relay)
    too_early = sweep()
    time_passes(timedelta(minutes=10))

    swept = sweep()
    sending.send_claimed(PROGRAMME)

    mail.refresh_from_db()
    assert (too_early.returned, swept.returned) == (0, 1)
    assert mail.state == MessageState.ACCEPTED
    assert relay.accepted == {mail.message_id: 1}


def test_a_sender_that_is_killed_after_the_body_leaves_a_doubt_and_no_second_mail(
    mail: Message, relay: smtp.Relay
) -> None:
    killed_at(Phase.DOT, relay)
    time_passes(timedelta(hours=1))

    swept = sweep()
    sending.send_claimed(PROGRAMME)

    mail.refresh_from_db()
    row = Enrolment.objects.get()
    assert swept.in_doubt == 1
    assert mail.state == MessageState.UNKNOWN
    assert relay.accepted == {mail.message_id: 1}
    assert row.state == EnrolmentState.ACTIVE
    assert row.due_at is not None


def test_a_round_that_crashes_at_any_statement_breaks_no_promise(
    committed: None, relay: smtp.Relay
) -> None:
    published_sequence(steps=1)

    with child("crash_everywhere", relay) as process:
        said, _errors = process.communicate(timeout=SECONDS)

    statements = int(said.splitlines()[-1])
    tick(timezone.now())
    rows = list(Message.objects.all())
    accepted = relay.accepted
    by_state: dict[str, Callable[[int], bool]] = {
        MessageState.ACCEPTED: lambda count: count == 1,
        MessageState.UNKNOWN: lambda count: count <= 1,
    }
    assert process.returncode == 0
    assert statements > 20
    assert len(rows) == Enrolment.objects.count() == 3 * (statements + 1)
    assert {row.state for row in rows} == set(by_state)  # I2; some crashed behind the fence
    assert not [row.state for row in rows if row.state in LEASED]  # I5
    assert all(by_state[row.state](accepted[row.message_id]) for row in rows)  # I1, I3, I4
    assert set(accepted) <= {row.message_id for row in rows}
    assert not Enrolment.objects.exclude(state=EnrolmentState.FINISHED).exists()
