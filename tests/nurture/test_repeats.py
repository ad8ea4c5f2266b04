"""A mail in doubt, with a provider that drops a second copy of it: it is sent again, the same."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from nurture import consent, counting, sending, sweep
from nurture.domain.counted import Counted
from nurture.domain.provider import Provider
from nurture.domain.states import TRANSACTIONAL, EnrolmentState, MessageKind, MessageState
from nurture.mail import prepared
from nurture.models import Enrolment, Message, Outage, Sequence, Subscriber
from nurture.sending import PROGRAMME
from tests import postmark, smtp
from tests.cast import ANNA, BEN
from tests.factories import published_sequence
from tests.nurture.steps import asks, planned, time_passes
from tests.smtp import Phase, Relay

HEADER = "X-Idempotency-Key"


@pytest.fixture
def sequence(db: None) -> Sequence:
    return published_sequence(steps=2)


@pytest.fixture
def mail(sequence: Sequence) -> Message:
    return planned(ANNA.joins(), sequence)


@pytest.fixture
def keyed(settings: Settings) -> Iterator[Relay]:
    """A relay whose provider knows keys for an hour."""
    with Relay() as server:
        url = smtp.provider_at(server.port).url
        settings.MAIL_PROVIDERS = (
            Provider(name="keyed", url=url, idempotency_header=HEADER, idempotency_hours=1),
        )
        yield server


def seen(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.reason


def loses_its_answer(relay: Relay, message: Message) -> None:
    relay.hang_up(Phase.DOT)
    sending.send_claimed(PROGRAMME)
    assert seen(message) == ("deferred", "answer_lost")


def test_the_same_bytes_go_out_again_with_the_same_key(keyed: Relay, mail: Message) -> None:
    loses_its_answer(keyed, mail)
    prepared.version.cache_clear()  # as another process would find it
    first_left = mail.submitted_at
    time_passes(timedelta(minutes=2))
    sent_at = Message.objects.get().submitted_at

    sending.send_claimed(PROGRAMME)

    first, second = keyed.mails
    assert seen(mail) == ("accepted", "accepted_by_relay")
    assert first.content == second.content
    assert first.message[HEADER] == mail.message_id
    assert first_left is not None
    assert mail.submitted_at == sent_at
    assert mail.attempts == 2
    assert Enrolment.objects.get().turn == 1


def test_the_programme_waits_until_the_doubt_is_settled(keyed: Relay, mail: Message) -> None:
    loses_its_answer(keyed, mail)

    row = Enrolment.objects.get()
    assert (row.state, row.due_at) == (EnrolmentState.ACTIVE, None)


def test_after_the_window_it_stays_in_doubt(keyed: Relay, mail: Message) -> None:
    loses_its_answer(keyed, mail)
    time_passes(timedelta(hours=2))

    sending.send_claimed(PROGRAMME)
    swept = sweep.sweep()
    sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("unknown", "answer_lost")
    assert len(keyed.mails) == 1
    assert swept.in_doubt <= 1


def test_the_window_does_not_move_with_each_time(keyed: Relay, mail: Message) -> None:
    loses_its_answer(keyed, mail)
    until = mail.repeat_until
    Message.objects.update(next_attempt_at=Now())
    loses_its_answer(keyed, mail)

    assert until is not None
    assert mail.repeat_until == until


def test_no_other_provider_ever_gets_it(keyed: Relay, mail: Message, settings: Settings) -> None:
    loses_its_answer(keyed, mail)
    with Relay() as other:
        settings.MAIL_PROVIDERS = (
            smtp.provider_at(other.port, name="other"),
            *settings.MAIL_PROVIDERS,
        )
        Message.objects.update(next_attempt_at=Now())

        sending.send_claimed(PROGRAMME)

        assert not other.mails
    assert seen(mail)[0] == "accepted"
    assert mail.provider == "keyed"
    assert len(keyed.mails) == 2


def test_while_its_provider_is_away_it_waits(
    keyed: Relay, mail: Message, settings: Settings
) -> None:
    loses_its_answer(keyed, mail)
    settings.MAIL_FAILOVER_MINUTES = 0
    Outage.objects.create(
        provider="keyed", answer="away", retry_at=timezone.now() + timedelta(hours=1)
    )
    with Relay() as other:
        settings.MAIL_PROVIDERS += (smtp.provider_at(other.port, name="other"),)
        Message.objects.update(next_attempt_at=Now())

        taken = sending.send_claimed(PROGRAMME)

        assert (taken, len(other.mails)) == (0, 0)
    assert seen(mail) == ("deferred", "answer_lost")


def test_a_killed_process_leaves_it_to_the_sweep(keyed: Relay, mail: Message) -> None:
    loses_its_answer(keyed, mail)
    Message.objects.update(  # as if the process had died before it could write that down
        state=MessageState.SUBMITTING,
        lease_token=mail.public_id,
        lease_until=Now() - timedelta(minutes=1),
        repeat_until=None,
        fingerprint="",
    )

    swept = sweep.sweep()
    sending.send_claimed(PROGRAMME)

    assert (swept.repeated, swept.in_doubt) == (1, 0)
    assert counting.of_days(1)[Counted.REPEATED] == 1
    assert seen(mail)[0] == "accepted"
    assert keyed.mails[0].content == keyed.mails[1].content


def test_another_provider_leaves_it_in_doubt_as_ever(relay: Relay, mail: Message) -> None:
    relay.hang_up(Phase.DOT)

    sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("unknown", "answer_lost")
    assert mail.repeat_until is None


def test_a_mail_that_would_be_another_one_by_now_is_not_sent_again(
    keyed: Relay, mail: Message
) -> None:
    loses_its_answer(keyed, mail)
    Subscriber.objects.update(first_name="Somebody")
    Message.objects.update(next_attempt_at=Now())

    sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("unknown", "answer_lost")
    assert len(keyed.mails) == 1


@pytest.mark.parametrize("before", ["the next try", "the fence"])
def test_who_leaves_meanwhile_gets_no_second_one_and_the_doubt_stays(
    keyed: Relay, mail: Message, before: str
) -> None:
    loses_its_answer(keyed, mail)
    Message.objects.update(next_attempt_at=Now())
    if before == "the fence":
        Enrolment.objects.update(state=EnrolmentState.PAUSED)
    else:
        consent.withdraw(mail.subscriber.public_id, source="test")

    sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("unknown", "answer_lost")
    assert len(keyed.mails) == 1


def test_a_refusal_of_the_second_says_nothing_of_the_first(keyed: Relay, mail: Message) -> None:
    loses_its_answer(keyed, mail)
    Message.objects.update(next_attempt_at=Now())
    keyed.refuse(Phase.RCPT, 550)

    sending.send_claimed(PROGRAMME)

    assert seen(mail) == ("unknown", "answer_lost")


def test_a_confirmation_too_is_the_same_mail(keyed: Relay, sequence: Sequence) -> None:
    asks(BEN, sequence)
    question = Message.objects.get(kind=MessageKind.CONFIRMATION)
    keyed.hang_up(Phase.DOT)
    sending.send_claimed(TRANSACTIONAL)
    time_passes(timedelta(minutes=2))

    sending.send_claimed(TRANSACTIONAL)

    assert seen(question)[0] == "accepted"
    assert keyed.mails[0].content == keyed.mails[1].content


def test_a_service_gets_the_key_beside_the_mail(mail: Message, settings: Settings) -> None:
    with postmark.serve() as service:
        settings.MAIL_PROVIDERS = (service.provider(key="Idempotency-Key"),)
        service.says(500)
        sending.send_claimed(PROGRAMME)
        in_doubt = seen(mail)
        time_passes(timedelta(minutes=2))

        sending.send_claimed(PROGRAMME)

    assert in_doubt == ("deferred", "answer_lost")
    assert seen(mail)[0] == "accepted"
    assert service.keys == [mail.message_id] * 2
    assert service.mails[0] == service.mails[1]
