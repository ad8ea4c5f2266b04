"""Handing mail to a service over HTTP that answers, refuses, falls silent or hangs up."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import get_connection
from pytest_django import Settings

from nurture import events, sending
from nurture.domain.provider import SERVICES, Provider
from nurture.domain.states import EventKind, MessageState, Suppressed
from nurture.mail import service as transport
from nurture.models import Message, Outage, Sequence, Suppression
from nurture.sending import PROGRAMME
from nurture.web import providers as reports
from tests import postmark
from tests.cast import ANNA
from tests.factories import published_sequence
from tests.nurture.steps import crowd, planned, time_passes
from tests.postmark import HANG_UP, Service
from tests.smtp import closed_port

CONNECTIONS = 8


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    settings.SMTP_CONNECTIONS = CONNECTIONS
    with postmark.serve() as server:
        settings.MAIL_PROVIDERS = (server.provider(),)
        yield server


@pytest.fixture
def sequence(db: None) -> Sequence:
    return published_sequence(steps=1)


@pytest.fixture
def mail(sequence: Sequence) -> Message:
    return planned(ANNA.joins(), sequence)


def seen(message: Message) -> tuple[str, str, int | None]:
    message.refresh_from_db()
    return message.state, message.reason, message.smtp_code


def test_an_accepted_mail_is_the_same_mail(service: Service, mail: Message) -> None:
    sending.send_claimed(PROGRAMME)

    (taken,) = service.mails
    assert seen(mail) == ("accepted", "accepted_by_relay", 200)
    assert mail.provider == "service"
    assert taken["To"] == ANNA.address
    assert taken["TextBody"].strip()
    assert "<html" in taken["HtmlBody"]
    assert service.header(0, "Message-ID") == mail.message_id
    assert service.header(0, "List-Unsubscribe").startswith("<http")
    assert service.header(0, "List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"


def test_nobody_is_followed_and_only_our_id_goes_along(service: Service, mail: Message) -> None:
    sending.send_claimed(PROGRAMME)

    (taken,) = service.mails
    assert (taken["TrackOpens"], taken["TrackLinks"]) == (False, "None")
    assert taken["Metadata"] == {"message": mail.public_id.hex}
    assert "Tag" not in taken


def test_what_the_service_reports_later_is_matched_by_that_id(
    service: Service, mail: Message
) -> None:
    sending.send_claimed(PROGRAMME)
    ours = reports.our_id(service.mails[0]["Metadata"])

    events.record(
        events.Report(
            kind=EventKind.HARD_BOUNCE,
            source="Postmark",
            key="1",
            occurred_at=mail.created_at,
            message=ours,
        )
    )

    assert Suppression.objects.get().reason == Suppressed.BOUNCE


def test_many_mails_go_over_few_kept_sessions(service: Service, sequence: Sequence) -> None:
    crowd(20, sequence)

    sending.send_claimed(PROGRAMME)

    ids = {service.header(number, "Message-ID") for number in range(20)}
    assert set(Message.objects.values_list("state", flat=True)) == {MessageState.ACCEPTED}
    assert (len(service.mails), len(ids)) == (20, 20)
    assert service.connections <= CONNECTIONS


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (300, "Invalid 'To' address: '{}'."),
        (406, "Found inactive addresses: {}. Inactive recipients are ones that bounced."),
    ],
)
def test_a_recipient_who_is_refused_fails_alone(
    service: Service, mail: Message, code: int, words: str
) -> None:
    service.says(422, ErrorCode=code, Message=words.format(ANNA.address))

    sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("failed", "recipient_refused", 422)
    assert not Outage.objects.exists()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, {"ErrorCode": 10, "Message": "no such token"}),
        (403, {}),
        (422, {"ErrorCode": 400, "Message": "The sender is not confirmed"}),
        (422, {"ErrorCode": 405, "Message": "Not allowed to send"}),
    ],
)
def test_a_refusal_that_names_nobody_is_about_us_and_fails_no_mail(
    service: Service, sequence: Sequence, status: int, words: dict[str, object]
) -> None:
    crowd(9, sequence)
    service.says(status, times=9, **words)

    sending.send_claimed(PROGRAMME)

    rows = Message.objects.all()
    assert {row.state for row in rows} == {MessageState.QUEUED, MessageState.DEFERRED}
    assert {row.attempts for row in rows} == {0}
    assert Outage.objects.get().answer == "not_us"


def test_too_many_at_once_is_tried_again_later(service: Service, mail: Message) -> None:
    service.says(429)
    sending.send_claimed(PROGRAMME)
    first = seen(mail)
    time_passes(timedelta(minutes=2))

    sending.send_claimed(PROGRAMME)

    assert first == ("deferred", "refused_for_now", 429)
    assert seen(mail)[0] == "accepted"


@pytest.mark.parametrize("status", [500, 503, 408, HANG_UP])
def test_an_answer_that_says_nothing_leaves_the_mail_in_doubt(
    service: Service, mail: Message, status: int
) -> None:
    service.says(status)
    sending.send_claimed(PROGRAMME)
    time_passes(timedelta(hours=1))

    sending.send_claimed(PROGRAMME)

    assert seen(mail)[:2] == ("unknown", "answer_lost")
    assert len(service.mails) <= 1


def test_an_answer_that_is_none_leaves_the_mail_in_doubt(service: Service, mail: Message) -> None:
    service.says(200, MessageID=None, ErrorCode=None, Message=None)

    sending.send_claimed(PROGRAMME)

    assert seen(mail)[:2] == ("unknown", "answer_lost")


def test_a_service_that_says_nothing_leaves_the_mail_in_doubt(
    service: Service, mail: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.2)
    service.stall_seconds = 0.5

    sending.send_claimed(PROGRAMME)

    assert seen(mail)[:2] == ("unknown", "answer_lost")


def test_a_service_that_answers_nobody_is_left_alone_soon(
    service: Service, sequence: Sequence
) -> None:
    crowd(40, sequence)
    service.says(500, times=40)

    sending.send_claimed(PROGRAMME)

    in_doubt = Message.objects.filter(state=MessageState.UNKNOWN).count()
    assert in_doubt < sending.LOST_IN_A_ROW + CONNECTIONS
    assert Outage.objects.get().provider == "service"


def test_where_no_connection_is_possible_no_attempt_is_spent(
    settings: Settings, mail: Message
) -> None:
    with closed_port() as port:
        settings.MAIL_PROVIDERS = (Service(port).provider(),)
        sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("deferred", "relay_away", None)
    assert mail.attempts == 0


def test_a_service_without_its_keys_takes_no_mail_and_the_log_names_the_setting(
    settings: Settings, mail: Message, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MAIL_PROVIDERS = (Provider(name="service", url="anymail://postmark"),)

    sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("deferred", "relay_refuses_us", None)
    assert "POSTMARK_SERVER_TOKEN" in caplog.text


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_each_service_is_one_that_anymail_has_and_carries_our_id_along(service: str) -> None:
    keys = ("api_key", "api_token", "domain", "project_id", "secret_key", "server_token")
    options: dict[str, Any] = {**dict.fromkeys(keys, "x"), "api_url": "https://api.example.org"}

    made: Any = get_connection(f"anymail.backends.{service}.EmailBackend", **options)

    assert made.esp_name
    assert transport.can_say(made, "extra_headers")
    assert transport.can_say(made, "metadata")


def test_the_log_has_no_address(
    service: Service, sequence: Sequence, caplog: pytest.LogCaptureFixture
) -> None:
    planned(ANNA.joins(), sequence)
    service.says(422, ErrorCode=300, Message=f"Invalid 'To' address: '{ANNA.address}'.")
    with caplog.at_level(logging.DEBUG, logger="nurture"):
        sending.send_claimed(PROGRAMME)

    assert ANNA.address not in caplog.text


def test_two_services_of_one_kind_have_their_own_keys(settings: Settings) -> None:
    one, other = Service(1).provider(), Service(2).provider(POSTMARK_SERVER_TOKEN="another")
    settings.ANYMAIL = {}

    tokens = [transport.backend(provider).server_token for provider in (one, other)]

    assert tokens == ["secret", "another"]
