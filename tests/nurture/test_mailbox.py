"""Bounces that come back as mail, and mails by which somebody leaves."""

import pytest
from pytest_django import Settings

from nurture import mailbox, sending, tasks
from nurture.domain.states import ConsentAction, EventKind, Suppressed
from nurture.mail import links, verp
from nurture.models import Event, Message, Subscriber, Suppression
from nurture.sending import PROGRAMME
from tests import imap, smtp
from tests.cast import ANNA, BEN
from tests.factories import published_sequence
from tests.nurture.steps import planned

pytestmark = pytest.mark.django_db

ADDRESS = "bounces@care.example.org"

REPORT = """\
From: MAILER-DAEMON@mx.example.org
To: {to}
Subject: {subject}
Date: Mon, 01 Mar 2027 09:00:00 +0000
Message-ID: <{number}@mx.example.org>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: text/plain

Your mail could not be delivered.

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Original-Envelope-Id: {envelope_id}

Final-Recipient: rfc822; somebody@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no

--x
Content-Type: text/rfc822-headers

From: Larkfield <hello@larkfield.example>
Message-ID: {message_id}
Subject: Your mail of the week

--x--
"""


@pytest.fixture
def message(settings: Settings) -> Message:
    """A mail that Anna got."""
    settings.BOUNCE_ADDRESS = ADDRESS
    return planned(ANNA.joins(), published_sequence(steps=1))


def bounce(
    message: Message,
    *,
    status: str = "5.1.1",
    by: str = "address",
    number: int = 1,
    action: str = "failed",
) -> bytes:
    text = REPORT.format(
        to=verp.sender(message.public_id) if by == "address" else ADDRESS,
        subject="Undelivered Mail Returned to Sender",
        number=1,
        status=status,
        action=action,
        envelope_id=message.public_id.hex if by == "envelope id" else "somebody-else's",
        message_id=message.message_id if by == "message id" else "<else@where>",
    )
    return text.replace("\n", "\r\n").encode()


def plain(subject: str) -> bytes:
    lines = ["From: Eve <eve@example.org>", f"To: {ADDRESS}", f"Subject: {subject}", "", "Hi", ""]
    return "\r\n".join(lines).encode()


def suppressed(message: Message) -> set[str]:
    rows = Suppression.objects.filter(address_hash=message.address_hash)
    return set(rows.values_list("reason", flat=True))


@pytest.mark.parametrize("by", ["address", "envelope id", "message id"])
def test_a_hard_bounce_ends_mail_to_the_address(message: Message, by: str) -> None:
    assert mailbox.take(bounce(message, by=by))

    assert suppressed(message) == {Suppressed.BOUNCE}
    assert Event.objects.get().message == message


def test_a_mail_that_is_late_has_not_bounced(message: Message) -> None:
    mailbox.take(bounce(message, status="4.4.1", action="delayed", by="envelope id"))

    assert suppressed(message) == set()
    assert Event.objects.get().kind == EventKind.DELAYED


def test_an_envelope_id_that_we_never_gave_suppresses_nobody(message: Message) -> None:
    stranger = Message(message_id="<never@sent>")

    mailbox.take(bounce(stranger, by="envelope id"))

    assert not Suppression.objects.exists()


def test_a_full_mailbox_is_remembered_and_ends_nothing(message: Message) -> None:
    mailbox.take(bounce(message, status="5.2.2"))

    assert suppressed(message) == set()
    assert Event.objects.get().kind == EventKind.SOFT_BOUNCE


def test_a_bounce_that_is_read_twice_counts_once(message: Message) -> None:
    mailbox.take(bounce(message))

    mailbox.take(bounce(message))

    assert Event.objects.count() == 1


def test_a_bounce_of_a_mail_that_we_never_sent_suppresses_nobody(message: Message) -> None:
    stranger = Message(message_id="<never@sent>")

    mailbox.take(bounce(stranger, by="message id"))

    assert not Suppression.objects.exists()


def test_nobody_can_invent_the_address_that_bounces_come_to(message: Message) -> None:
    address = verp.sender(message.public_id)
    assert address is not None
    letter = "a" if address[-30] != "a" else "b"

    assert verp.read(address) == message.public_id
    assert verp.read(address[:-30] + letter + address[-29:]) is None
    assert verp.read(address.upper()) == message.public_id
    assert len(address.partition("@")[0]) <= 64
    assert verp.read("eve@example.org") is None


def test_an_answer_from_a_holiday_is_no_bounce(message: Message) -> None:
    assert not mailbox.take(plain("I am away: Your mail of the week"))
    assert not Event.objects.exists()


def test_a_complaint_comes_as_mail_too(message: Message) -> None:
    report = bounce(message, by="message id").replace(
        b"message/delivery-status", b"message/feedback-report"
    )

    mailbox.take(report)

    assert suppressed(message) == {Suppressed.COMPLAINT, Suppressed.UNSUBSCRIBED}


def test_some_mail_programs_leave_by_mail(message: Message) -> None:
    ben = BEN.joins()
    token = links.unsubscribe(ben).rstrip("/").rpartition("/")[2]

    assert mailbox.take(plain(f"unsubscribe {token}"))

    words = dict(Subscriber.objects.values_list("address", "consent"))
    assert words == {ANNA.address: ConsentAction.GIVEN, BEN.address: ConsentAction.WITHDRAWN}


@pytest.mark.parametrize("subject", ["unsubscribe", "unsubscribe " + "A" * 52, "unsubscribe me!"])
def test_a_wish_to_leave_without_a_token_of_ours_is_left_to_a_person(
    message: Message, subject: str
) -> None:
    assert not mailbox.take(plain(subject))
    assert Subscriber.objects.get().consent == ConsentAction.GIVEN


def test_the_mailbox_is_read_and_each_mail_once(message: Message, settings: Settings) -> None:
    with imap.Mailbox(bounce(message), plain("hello"), b"\xff\x00 no mail at all") as server:
        settings.BOUNCE_MAILBOX_URL = server.url

        first, second = mailbox.read(), mailbox.read()

    assert (first, second) == (1, 0)
    assert server.read == {1, 2, 3}
    assert suppressed(message) == {Suppressed.BOUNCE}


def test_a_mailbox_that_is_away_is_said_without_its_password(
    message: Message, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with imap.Mailbox() as server:
        settings.BOUNCE_MAILBOX_URL = server.url.replace("%20", "-")

    tasks.read_bounces()

    assert "could not read" in caplog.text
    assert "secret" not in caplog.text


def test_a_mail_says_where_bounces_and_wishes_to_leave_go(
    message: Message, relay: smtp.Relay, settings: Settings
) -> None:
    settings.BOUNCE_MAILBOX_URL = "imap://bounces@localhost"

    sending.send_claimed(PROGRAMME)

    (mail,) = relay.mails
    assert verp.read(mail.sender) == message.public_id
    https, mailto = mail.message["List-Unsubscribe"].split(", ")
    assert https.startswith("<http")
    assert mailto.startswith(f"<mailto:{ADDRESS}?subject=unsubscribe%20")
    token = mailto.removesuffix(">").rpartition("%20")[2]
    assert https == f"<{links.unsubscribe(message.subscriber)}>"
    assert token in https
