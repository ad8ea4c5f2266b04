"""A mail that was kept in the outbox for hours does not arrive in the middle of the night."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from nurture import sending
from nurture.domain.schedule import Window
from nurture.domain.states import TRANSACTIONAL, MessageState, Reason
from nurture.models import Enrolment, MailTimes, Message
from nurture.sending import PROGRAMME
from tests import smtp
from tests.cast import BEN, Person
from tests.factories import ALWAYS, published_sequence
from tests.nurture.steps import asks, planned

HOUR = timedelta(hours=1)
UTA = Person("Uta", "uta@example.org", "UTC")


def now() -> datetime:
    return timezone.now().astimezone(UTC).replace(second=0, microsecond=0)


def quiet(*, begins: datetime, ends: datetime) -> None:
    row = MailTimes.now()
    row.quiet_from, row.quiet_until = begins.time(), ends.time()
    row.save()


def kept(by: timedelta, *, window: Window = ALWAYS) -> Message:
    """A mail that was to leave so long ago. The practice is quiet now, and for two hours more."""
    sequence = published_sequence(steps=2, window=window)
    mail = planned(UTA.joins(), sequence, now=timezone.now() - by)
    quiet(begins=now() - HOUR, ends=now() + 2 * HOUR)
    return mail


def test_a_late_mail_waits_for_the_end_of_quiet_hours(relay: smtp.Relay, db: None) -> None:
    mail = kept(3 * HOUR)

    sending.send_claimed(PROGRAMME)

    mail.refresh_from_db()
    assert not relay.mails
    assert (mail.state, mail.reason) == (MessageState.QUEUED, Reason.OUT_OF_HOURS)
    assert (mail.attempts, mail.lease_token) == (0, None)
    assert abs(mail.next_attempt_at - (now() + 2 * HOUR)) < timedelta(minutes=2)


def test_when_the_hour_comes_it_leaves_and_its_programme_goes_on(
    relay: smtp.Relay, db: None
) -> None:
    mail = kept(3 * HOUR)
    sending.send_claimed(PROGRAMME)
    MailTimes.objects.all().delete()
    Message.objects.update(next_attempt_at=timezone.now() - HOUR)

    sending.send_claimed(PROGRAMME)

    assert relay.accepted == {mail.message_id: 1}
    assert Enrolment.objects.get().due_at


def test_a_mail_on_time_was_planned_for_this_hour_and_leaves(relay: smtp.Relay, db: None) -> None:
    """Also one of a programme that is played ahead of the clock, whose hour is yet to come."""
    mail = kept(-30 * HOUR)

    sending.send_claimed(PROGRAMME)

    assert relay.accepted == {mail.message_id: 1}


def test_a_confirmation_leaves_at_any_hour(relay: smtp.Relay, db: None) -> None:
    mail = kept(3 * HOUR)
    asks(BEN, published_sequence())
    Message.objects.exclude(pk=mail.pk).update(planned_for=timezone.now() - 3 * HOUR)

    sending.send_claimed(TRANSACTIONAL)

    assert len(relay.mails) == 1


def test_one_that_would_expire_before_the_window_opens_goes_when_the_quiet_ends(
    relay: smtp.Relay, db: None
) -> None:
    yesterday = frozenset({(now() - 24 * HOUR).weekday()})
    mail = kept(24 * HOUR, window=replace(ALWAYS, weekdays=yesterday))

    sending.send_claimed(PROGRAMME)

    mail.refresh_from_db()
    assert abs(mail.next_attempt_at - (now() + 2 * HOUR)) < timedelta(minutes=2)


def test_one_in_doubt_does_not_wait_since_it_may_be_out_already(
    relay: smtp.Relay, db: None
) -> None:
    mail = kept(3 * HOUR)
    Message.objects.update(
        provider=settings.MAIL_PROVIDERS[0].name, repeat_until=timezone.now() + HOUR
    )

    sending.send_claimed(PROGRAMME)

    assert relay.accepted == {mail.message_id: 1}
