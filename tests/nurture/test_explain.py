"""One person's whole story, as an operator reads it."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from nurture import consent, sending
from nurture.domain.states import TRANSACTIONAL
from nurture.models import Subscriber
from nurture.sending import PROGRAMME
from tests import smtp
from tests.cast import ANNA
from tests.factories import published_sequence
from tests.nurture.steps import asks, planned

pytestmark = pytest.mark.django_db


def explained(*arguments: str) -> str:
    out = StringIO()
    call_command("explain", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def anna(relay: smtp.Relay) -> Subscriber:
    """Asked once, got her first mail, and left."""
    subscriber = ANNA.joins()
    sequence = published_sequence(steps=2, wait_days=7)
    asks(ANNA, sequence)
    planned(subscriber, sequence)
    sending.send_claimed(TRANSACTIONAL)
    sending.send_claimed(PROGRAMME)
    consent.withdraw(subscriber.public_id, source="link")
    return subscriber


@pytest.mark.parametrize("spelling", [ANNA.address, "ANNA@Example.ORG"])
def test_the_story_is_told_line_by_line(anna: Subscriber, spelling: str) -> None:
    told = explained(spelling)

    assert told.startswith("anna@example.org  Anna  (times in America/New_York)\n")
    assert "consent: withdrawn   suppressed: unsubscribed" in told
    assert "action=requested  sequence=Steady weeks  text=en-us 1  source=form" in told
    assert "sequence=Steady weeks  state=stopped  reason=unsubscribed" in told
    assert "kind=programme" in told
    assert "subject=Week 1: a little more  state=accepted  reason=accepted_by_relay" in told


def test_the_story_for_programs_says_the_same(anna: Subscriber) -> None:
    told = json.loads(explained(ANNA.address, "--json"))

    assert told["consent"] == "withdrawn"
    assert told["suppressed"] == ["unsubscribed"]
    assert [row["action"] for row in told["consents"]] == ["requested", "withdrawn"]
    assert [row["state"] for row in told["enrolments"]] == ["stopped"]
    assert sorted(row["kind"] for row in told["messages"]) == ["confirmation", "programme"]
    assert all(row["message_id"].startswith("<") for row in told["messages"])


def test_somebody_without_a_story_has_empty_chapters() -> None:
    ANNA.joins()

    told = explained(ANNA.address)

    assert told.count("  none") == 3


def test_an_address_that_nobody_has_is_an_error() -> None:
    with pytest.raises(CommandError, match=r"No subscriber has the address nobody@example\.org"):
        explained("nobody@example.org")


def test_what_is_no_address_is_an_error() -> None:
    with pytest.raises(CommandError, match="@-sign"):
        explained("nobody")
