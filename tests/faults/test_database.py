"""The database crashes, cuts sessions, loses answers, runs out, or wakes up older than it was.

F13, F14, F19, F31, F34 and, for the workers' clocks, F18.
"""

import random
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection, connections

from nurture import brake, due
from nurture.domain.states import MessageState
from nurture.models import Brake, Enrolment, Message
from tests.faults import promises
from tests.faults.lab import Installation, Lab, django_looks_at, wait_for
from tests.faults.people import crowd
from tests.faults.proxy import Proxy
from tests.faults.test_processes import SEED
from tests.smtp import Phase, Relay


def test_f13_the_database_crashes_while_mail_goes_out(
    installation: Installation, lab: Lab, relay: Relay
) -> None:
    chance = random.Random(SEED)
    crowd(200)
    relay.stall(Phase.DATA, seconds=0.02, times=200)
    installation.sender()
    for _crash in range(3):
        time.sleep(chance.uniform(0.3, 1))
        connections.close_all()
        lab.crash_database()
        lab.cut_sessions()
        if not installation.started[-1].is_alive():
            installation.sender()

    tally = promises.hold(relay)
    assert tally.mails == 200
    assert tally.unknown <= 3 * 2 * 8


# The commit that is cut: those of the sweep and of planning, the claim, the fence, the outcome.
@pytest.mark.parametrize("commit", range(5, 12))
def test_f14_the_answer_to_a_commit_is_lost(
    installation: Installation, lab: Lab, relay: Relay, commit: int
) -> None:
    crowd(4)
    socket_path = lab.postgres.socket_folder / f".s.PGSQL.{urlsplit(installation.database).port}"
    with Proxy(str(socket_path)) as proxy:
        url = urlsplit(installation.database)
        through = url._replace(
            netloc=f"{url.username}@127.0.0.1:{proxy.port}", query="sslmode=disable"
        )
        database, installation.database = installation.database, through.geturl()
        proxy.cut_after_request(b"COMMIT", skip=commit)
        sender = installation.sender()
        wait_for(lambda: proxy.cuts or promises.is_quiet())
        installation.database = database
        wait_for(lambda: promises.is_quiet() or not sender.is_alive(), seconds=30)

    installation.sender()

    assert promises.hold(relay).mails == 4


def test_f18_a_worker_whose_clock_runs_ahead_sends_nothing_early(
    installation: Installation, relay: Relay
) -> None:
    crowd(3, planned=False)
    Enrolment.objects.update(due_at=datetime.now(UTC) + timedelta(hours=1))

    installation.sender(FAULTS_CLOCK_HOURS="2")
    time.sleep(4)

    assert not Message.objects.exists()
    assert not relay.mails


@pytest.mark.parametrize("minutes", [10, -10])
def test_f19_a_database_whose_clock_jumps_doubles_nothing(
    installation: Installation, relay: Relay, minutes: int
) -> None:
    crowd(30)
    relay.stall(Phase.DATA, seconds=0.1, times=30)
    installation.sender()
    wait_for(lambda: relay.mails)

    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA shifted")
        for clock in ("now", "statement_timestamp", "clock_timestamp"):
            cursor.execute(
                f"CREATE FUNCTION shifted.{clock}() RETURNS timestamptz LANGUAGE sql STABLE AS"
                f" 'SELECT pg_catalog.{clock}() + interval ''{minutes} minutes'''"
            )
        cursor.execute(f"ALTER DATABASE {name} SET search_path = shifted, pg_catalog, public")
    installation.sender()
    Message.objects.filter(next_attempt_at__gt=datetime.now(UTC)).update(
        next_attempt_at=datetime.now(UTC) - timedelta(days=1)
    )
    if minutes < 0:
        Message.objects.filter(state="queued").update(
            next_attempt_at=datetime.now(UTC) - timedelta(days=1)
        )

    assert promises.hold(relay).mails == 30


def test_f31_a_database_without_a_free_connection_is_waited_for(
    installation: Installation, lab: Lab, relay: Relay
) -> None:
    crowd(10)
    taken = []
    with suppress(psycopg.OperationalError):
        while True:
            taken.append(psycopg.connect(lab.postgres.dsn("postgres")))
    sender = installation.sender()
    time.sleep(2)

    for session in taken:
        session.close()
    if not sender.is_alive():
        installation.sender()

    assert promises.hold(relay).by_state == {MessageState.ACCEPTED: 10}


def test_f34_a_restored_backup_sends_nothing_before_a_person_says_so(
    installation: Installation, lab: Lab, relay: Relay
) -> None:
    crowd(20)
    crowd(10, planned=False)
    assert not brake.is_on()
    restored = lab.new_database(template="template0")
    lab.copy(installation.database, restored)
    installation.sender()
    promises.quiet()
    installation.stop()
    before = len(relay.mails)

    installation.database = restored
    with django_looks_at(restored):
        sender = installation.sender()
        time.sleep(3)
        held, sent = brake.is_on(), len(relay.mails) - before
        said = installation.manage("resume_sending", "--assume-sent")
        wait_for(lambda: not Enrolment.objects.due(due.now()).exists())
        states = set(Message.objects.values_list("state", flat=True))
        pulled = Brake.objects.get().pulled

    assert sender.is_alive()
    assert (held, sent) == (True, 0)
    assert "sending goes on" in said
    assert states == {MessageState.UNKNOWN}
    assert pulled == ""
    assert set(relay.accepted.values()) == {1}
