"""What a relay offers is used, and what it cannot carry fails alone, with a reason."""

import re

import pytest
from django.test import Client
from pytest_django import Settings

from nurture import sending
from nurture.domain.states import EnrolmentState
from nurture.models import Enrolment, Message, Sequence
from nurture.sending import PROGRAMME
from tests import smtp
from tests.factories import published_sequence
from tests.nurture.steps import crowd
from tests.smtp import Phase

pytestmark = pytest.mark.django_db

JUERGEN = "jürgen@example.org"


@pytest.fixture
def sequence(db: None) -> Sequence:
    return published_sequence(steps=2, wait_days=7)


@pytest.fixture
def two(sequence: Sequence, settings: Settings) -> tuple[Message, Message]:
    """Two mails over one connection, in this order."""
    settings.SMTP_CONNECTIONS = 1
    crowd(2, sequence)
    first, second = Message.objects.order_by("pk")
    return first, second


def outcome(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.reason


def addressed(message: Message, address: str) -> None:
    Message.objects.filter(pk=message.pk).update(address=address)


def said_for(relay: smtp.Relay, message: Message) -> tuple[str, str]:
    """What came after MAIL and RCPT for this mail."""
    [mail] = [mail for mail in relay.mails if mail.message_id == message.message_id]
    return mail.commands[0], mail.commands[1]


# ------------------------------------------------------------------ addresses beyond ASCII


def test_an_address_beyond_ascii_goes_out_where_it_can_be_written(
    relay: smtp.Relay, two: tuple[Message, Message]
) -> None:
    jurgen, other = two
    addressed(jurgen, JUERGEN)
    relay.extensions += ["SMTPUTF8"]

    sending.send_claimed(PROGRAMME)

    assert outcome(jurgen) == outcome(other) == ("accepted", "accepted_by_relay")
    [mail] = [mail for mail in relay.mails if mail.message_id == jurgen.message_id]
    assert mail.recipients == (JUERGEN,)
    assert mail.commands[0].endswith(" SMTPUTF8 BODY=8BITMIME")
    assert f"\r\nTo: {JUERGEN}\r\n".encode() in mail.content
    assert "SMTPUTF8" not in said_for(relay, other)[0]


@pytest.mark.parametrize("offered", [["PIPELINING"], []])
def test_without_smtputf8_such_a_mail_fails_alone(
    relay: smtp.Relay, two: tuple[Message, Message], offered: list[str]
) -> None:
    jurgen, other = two
    addressed(jurgen, JUERGEN)
    relay.extensions += offered

    sending.send_claimed(PROGRAMME)

    assert outcome(jurgen) == ("failed", "address_beyond_relay")
    assert outcome(other) == ("accepted", "accepted_by_relay")
    assert (relay.connections, len(relay.mails)) == (1, 1)
    assert Enrolment.objects.get(messages=jurgen).state == EnrolmentState.HELD


@pytest.mark.parametrize("address", ["jürgen@exämple.org", "jü\u2028rgen@example.org", "j ü@b.org"])
def test_an_address_that_is_none_fails_even_so(
    relay: smtp.Relay, two: tuple[Message, Message], address: str
) -> None:
    addressed(two[0], address)
    relay.extensions += ["SMTPUTF8"]

    sending.send_claimed(PROGRAMME)

    assert outcome(two[0]) == ("failed", "cannot_compose")
    assert outcome(two[1])[0] == "accepted"


@pytest.mark.parametrize("setting", ["true", "false"])
def test_signup_takes_such_an_address_only_if_the_practice_says_so(
    settings: Settings, sequence: Sequence, client: Client, setting: str
) -> None:
    settings.SIGNUP_BEYOND_ASCII = on = setting == "true"

    page = client.get("/signup/").content.decode()
    answer = client.post("/signup/", {"address": JUERGEN}).content.decode()

    [field] = re.findall(r'<input[^>]*name="address"[^>]*>', page)
    assert ('type="text"' in field) is on
    assert ("id_address_error" not in answer) is on


# ------------------------------------------------------------------ size


def test_the_size_is_declared_where_it_is_asked_for(
    relay: smtp.Relay, two: tuple[Message, Message]
) -> None:
    relay.extensions += ["SIZE"]

    sending.send_claimed(PROGRAMME)

    [size] = re.findall(r" SIZE=(\d+)$", said_for(relay, two[0])[0])
    [mail] = [mail for mail in relay.mails if mail.message_id == two[0].message_id]
    assert int(size) == len(mail.content)


@pytest.mark.parametrize("size", ["SIZE 100", "SIZE 999"])
def test_a_mail_above_the_limit_is_not_even_tried(
    relay: smtp.Relay, two: tuple[Message, Message], size: str
) -> None:
    relay.extensions += [size]

    sending.send_claimed(PROGRAMME)

    assert [outcome(message) for message in two] == [("failed", "too_large")] * 2
    assert relay.connections == 1


@pytest.mark.parametrize("size", ["SIZE 0", "SIZE", "SIZE many", "SIZE 10000000"])
def test_no_limit_is_no_limit(relay: smtp.Relay, two: tuple[Message, Message], size: str) -> None:
    relay.extensions += [size]

    sending.send_claimed(PROGRAMME)

    assert {outcome(message)[0] for message in two} == {"accepted"}


def test_one_that_is_too_large_by_the_relays_word_stops_nobody_else(
    relay: smtp.Relay, two: tuple[Message, Message]
) -> None:
    relay.extensions += ["SIZE"]
    relay.refuse(Phase.MAIL, 552)

    sending.send_claimed(PROGRAMME)

    assert outcome(two[0]) == ("failed", "too_large")
    assert outcome(two[1])[0] == "accepted"


# ------------------------------------------------------------------ delivery reports


def test_reports_are_asked_for_by_an_id_that_says_nothing(
    relay: smtp.Relay, two: tuple[Message, Message]
) -> None:
    relay.extensions += ["DSN"]
    addressed(two[0], "anna+b=c@example.org")

    sending.send_claimed(PROGRAMME)

    mail, to = said_for(relay, two[0])
    assert mail.endswith(f" RET=HDRS ENVID={two[0].public_id.hex}")
    assert to == (
        "TO:<anna+b=c@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;anna+2Bb+3Dc@example.org"
    )


def test_an_address_beyond_ascii_is_named_in_a_report_too(
    relay: smtp.Relay, two: tuple[Message, Message]
) -> None:
    relay.extensions += ["DSN", "SMTPUTF8"]
    addressed(two[0], "jür+gen@example.org")

    sending.send_claimed(PROGRAMME)

    assert said_for(relay, two[0])[1].endswith(r" ORCPT=utf-8;j\x{FC}r\x{2B}gen@example.org")


def test_a_relay_without_reports_is_not_asked_for_any(
    relay: smtp.Relay, two: tuple[Message, Message]
) -> None:
    sending.send_claimed(PROGRAMME)

    mail, to = said_for(relay, two[0])
    assert mail.endswith(">")
    assert to.endswith(">")
