"""People who act while their mail is on its way: readers, editors, providers (F26, F27, F28)."""

import random
import threading
from collections import Counter
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from nurture import enrolment, events, sending
from nurture.domain.states import EnrolmentState, EventKind, MessageState, Reason
from nurture.events import Report
from nurture.mail import links
from nurture.models import Enrolment, Event, Message, Sequence, Step, Subscriber, Suppression
from tests.factories import edited, published_sequence, raw_steps, step
from tests.faults import failpoints, promises
from tests.faults.lab import Installation, wait_for
from tests.faults.people import crowd
from tests.faults.test_processes import SEED
from tests.smtp import Phase, Relay

PEOPLE = 1_000
PATIENCE_SECONDS = 0.2


def database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def test_f26_a_bounce_that_comes_before_the_relays_answer_is_written_counts(
    installation: Installation, relay: Relay
) -> None:
    crowd(1)
    message = Message.objects.get()
    states: list[str] = []

    def bounces() -> None:
        states.append(Message.objects.get().state)
        events.record(
            Report(
                kind=EventKind.HARD_BOUNCE,
                source="provider",
                key="first",
                occurred_at=timezone.now(),
                message=message.public_id,
            )
        )
        connections.close_all()

    relay.before(Phase.DOT, bounces)
    installation.sender()
    promises.quiet()

    message.refresh_from_db()
    assert states == [MessageState.SUBMITTING]
    assert message.state == MessageState.ACCEPTED
    assert Event.objects.get().message == message
    assert Suppression.objects.get().reason == "bounce"
    assert relay.accepted == {message.message_id: 1}


def leaves_by_one_click(person: Subscriber, answered: list[datetime]) -> None:
    path = urlsplit(links.unsubscribe(person)).path
    client = Client()
    body = "List-Unsubscribe=One-Click"
    answer = client.post(path, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    answered.append(database_time())
    connections.close_all()


def test_f27_whoever_unsubscribes_at_any_instruction_gets_nothing_after_the_answer(
    installation: Installation, relay: Relay, settings: Settings
) -> None:
    """Unless the mail had passed the fence by then. All points, in one process: the reader's click
    runs beside the sender, which waits for it for a moment."""
    settings.SECURE_SSL_REDIRECT = False
    outcomes: Counter[str] = Counter()
    point, points = 0, 1
    while point < points:
        point += 1
        crowd(1)
        message = Message.objects.select_related("subscriber").latest("pk")
        answered: list[datetime] = []
        click = threading.Thread(target=leaves_by_one_click, args=(message.subscriber, answered))

        def clicks(click: threading.Thread = click) -> None:
            click.start()
            click.join(PATIENCE_SECONDS)

        with failpoints.at_point(point, clicks) as seen:
            sending.send_claimed(sending.PROGRAMME)
            points = max(points, seen())
        if click.ident is None:
            break
        click.join()
        message.refresh_from_db()
        outcomes[message.state] += 1
        if relay.accepted[message.message_id]:
            assert message.submitted_at is not None
            assert message.submitted_at <= answered[0], f"point {point}"
        else:
            assert message.state == MessageState.CANCELLED, f"point {point}: {message.state}"
            assert message.reason in {Reason.UNSUBSCRIBED, Reason.NO_CONSENT, Reason.SUPPRESSED}

    assert outcomes[MessageState.CANCELLED] > 5
    assert outcomes[MessageState.ACCEPTED] > 3


def test_f28_edits_and_pauses_while_a_thousand_programmes_are_underway(
    installation: Installation, relay: Relay
) -> None:
    chance = random.Random(SEED)
    sequence = crowd(PEOPLE, published_sequence(steps=2), planned=False)
    relay.stall(Phase.DATA, seconds=0.01, times=PEOPLE)
    installation.worker(concurrency=2)
    installation.beat(FAULTS_BEAT_SECONDS="0.5")
    wait_for(lambda: len(relay.mails) > 20)

    ids = list(Enrolment.objects.values_list("pk", flat=True))
    paused: dict[int, datetime] = {}
    for number in range(5):
        chosen = chance.sample(ids, 40)
        with transaction.atomic():
            enrolment.pause(Enrolment.objects.filter(pk__in=chosen))
        now = database_time()
        paused.update({pk: paused.get(pk, now) for pk in chosen})
        steps = raw_steps(sequence)
        if number % 2:
            steps.insert(1, step(wait_days=2))
        else:
            steps[0]["value"]["subject"] = f"Other words {number}"
        edited(sequence, steps=steps)
    wait_for(lambda: nobody_waits(paused))

    promises.hold(relay)
    first = Message.objects.filter(turn=1).select_related("step_version__step")
    went_out = first.filter(state__in=[MessageState.ACCEPTED, MessageState.UNKNOWN])
    assert set(went_out.values_list("step_version__step__key", flat=True).distinct()) == {
        first_key(sequence)
    }
    had = Counter(went_out.values_list("enrolment", flat=True))
    assert set(had.values()) == {1}
    assert set(ids) - set(paused) <= set(had)
    for message in Message.objects.filter(enrolment__in=paused, submitted_at__isnull=False):
        assert message.submitted_at is not None
        assert message.submitted_at <= paused[message.enrolment_id or 0], "after the pause"
    active = Enrolment.objects.exclude(pk__in=paused)
    assert set(active.values_list("state", flat=True)) == {EnrolmentState.ACTIVE}
    assert not active.filter(due_at__lt=timezone.now() + timedelta(days=1)).exists()


def nobody_waits(paused: dict[int, datetime]) -> bool:
    """All but the paused ones have had their first mail."""
    return not Enrolment.objects.exclude(pk__in=paused).filter(anchored_at=None).exists()


def first_key(sequence: Sequence) -> UUID:
    return Step.objects.filter(sequence=sequence, live=True).earliest("position").key
