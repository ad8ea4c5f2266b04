"""Nothing about a person or an illness in what others keep: logs, the broker, keys in Redis.

A whole story, with all that goes wrong on the way, is told with words that occur nowhere else.
"""

import io
import json
import logging
import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings as installation
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from config.celery import app
from config.logs import Line, WithoutPaths
from nurture import checkins, events, sending
from nurture.domain.states import EventKind, MessageKind
from nurture.mail import links
from nurture.models import Consent, ConsentText, Message, Sequence, Subscriber
from nurture.sending import PROGRAMME
from nurture.tick import tick
from nurture.web import evenly
from tests import smtp
from tests.factories import checkin, diagnosis_page, published_sequence, step, text

pytestmark = pytest.mark.django_db

ADDRESS = "quexalot.canary@zebrafish.example"
NAME = "Quexalotta"
CONDITION = "Blorptosis"
CANARIES = ("quexalot", "zebrafish", "blorptosis")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """All that an installation would print at its most talkative."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(Line("%(levelname)s %(name)s %(message)s"))
    handler.addFilter(WithoutPaths())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def sequence() -> Sequence:
    return published_sequence(
        diagnosis=diagnosis_page(title=CONDITION, slug="blorptosis"),
        title=f"Weeks with {CONDITION}",
        steps=[step(text(f"<p>{CONDITION}</p>"), checkin())],
    )


def sign_up(client: Client, sequence: Sequence) -> None:
    body = {
        "address": ADDRESS,
        "first_name": NAME,
        "programme": sequence.translation_key.hex,
        "consent": True,
        "consent_number": ConsentText.current("en-us").number,
    }
    client.post("/api/v1/signup/", json.dumps(body), content_type="application/json")
    client.post("/signup/", {"address": ADDRESS, "first_name": NAME, "programme": CONDITION})
    client.get(f"/blorptosis/?address={ADDRESS}")
    client.get(f"/api/v1/pages/?path=/blorptosis/&q={NAME}")


def whole_story(client: Client, sequence: Sequence, relay: smtp.Relay) -> None:
    sign_up(client, sequence)
    relay.play(smtp.Phase.RCPT, lambda: f"451 <{ADDRESS}> about {CONDITION} is greylisted")
    tick(timezone.now())
    Message.objects.update(next_attempt_at=timezone.now())
    tick(timezone.now())
    request = Consent.objects.get()
    url = links.make(links.Purpose.CONFIRM, request.public_id)
    client.post(url.removeprefix(installation.SITE_URL))
    relay.play(smtp.Phase.DOT, lambda: f"554 {NAME} {ADDRESS} {CONDITION} refused")
    tick(timezone.now())
    message = Message.objects.get(kind=MessageKind.PROGRAMME)
    checkins.record(message.public_id, 5, now=timezone.now(), source="link")
    with pytest.raises(IntegrityError), transaction.atomic():
        Subscriber.objects.create(address=ADDRESS, time_zone="UTC", language="en-us")
    try:
        with transaction.atomic():
            Subscriber.objects.create(address=ADDRESS, time_zone="UTC", language="en-us")
    except IntegrityError:
        logging.getLogger("nurture").exception("as a view would have it")
    Message.objects.filter(pk=message.pk).update(state="queued", address=f"{ADDRESS}\r\nBcc: x@y")
    sending.send_claimed(PROGRAMME)
    report = events.Report(
        kind=EventKind.HARD_BOUNCE,
        source="x",
        key=ADDRESS,
        occurred_at=timezone.now(),
        message=message.public_id,
    )
    events.record(report)


@pytest.fixture(autouse=True)
def _at_once_and_without_bounds(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evenly, "LEAST_SECONDS", 0.0)
    settings.SIGNUP_LIMIT_NETWORK = 10_000


def test_no_word_about_a_person_or_an_illness_leaves_the_database(
    sequence: Sequence,
    relay: smtp.Relay,
    lines: io.StringIO,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    capfd: Any,
) -> None:
    server = redis.from_url(installation.REDIS_URL)
    server.flushdb()

    with django_capture_on_commit_callbacks(execute=True):
        whole_story(Client(), sequence, relay)

    printed = capfd.readouterr()
    kept = "\n".join(str(part) for part in (in_redis(server), queued(server)))
    assert relay.mails
    outputs = "\n".join((lines.getvalue(), kept, printed.out, printed.err))
    telling = re.compile("|".join(CANARIES), re.IGNORECASE)
    assert not [line for line in outputs.splitlines() if telling.search(line)]
    assert "nurture." in kept, "nothing was rung, so nothing was looked at"


def in_redis(server: Any) -> list[Any]:
    """Every key with what stands in it."""
    return [(key, server.dump(key)) for key in server.scan_iter()]


def queued(server: Any) -> list[str]:
    """The messages of Celery as they wait, decoded: a task carries nothing."""
    tasks = []
    for key in server.scan_iter(f"{app.conf.broker_transport_options['global_keyprefix']}*"):
        if server.type(key) == b"list":
            for raw in server.lrange(key, 0, -1):
                task = json.loads(raw)
                body = json.loads(b64decode(task["body"]))
                assert body[:2] == [[], {}], "a task carries something"
                tasks.append(task["headers"]["task"])
    return tasks
