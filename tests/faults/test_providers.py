"""The first of two providers dies in the middle, or falls silent; the second one takes over."""

import json
import math
from collections import Counter
from dataclasses import dataclass

from django.db.models import Count
from django.db.models.functions import Now

from nurture.domain.states import MessageState
from nurture.models import Message
from tests.faults import promises
from tests.faults.lab import Installation, wait_for
from tests.faults.people import crowd
from tests.smtp import Phase, Relay, provider_at

MAILS = 60


def by_both(installation: Installation, first: Relay, second: Relay) -> None:
    """Real processes, that fail over at once, killed now and then."""
    providers = [
        provider_at(server.port, name=name).model_dump(include={"name", "url"})
        for server, name in ((first, "first"), (second, "second"))
    ]
    installation.settings = {
        "MAIL_PROVIDERS": json.dumps(providers),
        "MAIL_FAILOVER_MINUTES": "0",
    }


def is_over() -> bool:
    """Nothing is left to do, and nobody waits for the time to try again."""
    Message.objects.filter(state=MessageState.DEFERRED).update(next_attempt_at=Now())
    return promises.is_quiet()


@dataclass
class Both:
    """The two as if they were one: a mail that both accepted is doubled."""

    first: Relay
    second: Relay

    @property
    def accepted(self) -> Counter[str]:
        return self.first.accepted + self.second.accepted


def hold(first: Relay, second: Relay) -> promises.Tally:
    wait_for(is_over)
    return promises.hold(Both(first, second))


def test_a_first_provider_that_dies_in_the_middle_is_followed_by_the_second(
    installation: Installation, relay: Relay
) -> None:
    crowd(MAILS)
    relay.hang_up(Phase.GREETING, times=math.inf, skip=4)
    relay.hang_up(Phase.MAIL, times=math.inf, skip=20)
    with Relay() as second:
        by_both(installation, relay, second)
        installation.sender(SMTP_CONNECTIONS="4")
        installation.sender(SMTP_CONNECTIONS="4")

        tally = hold(relay, second)

    by = dict(Message.objects.values_list("provider").annotate(Count("pk")))
    assert tally.by_state == {MessageState.ACCEPTED: MAILS}
    assert by == {"first": len(relay.mails), "second": len(second.mails)}
    assert len(relay.mails) >= 10
    assert second.mails


def test_a_killed_process_and_a_silent_provider_leave_no_mail_to_both(
    installation: Installation, relay: Relay
) -> None:
    crowd(MAILS)
    relay.hang_up(Phase.DOT, times=math.inf, skip=15)
    with Relay() as second:
        by_both(installation, relay, second)
        for at in (150, 230, 310):
            killed = installation.sender(CRASH_AT=str(at), SMTP_CONNECTIONS="4")
            killed.process.wait()
        installation.sender(SMTP_CONNECTIONS="4")

        tally = hold(relay, second)

    in_doubt = Message.objects.filter(state=MessageState.UNKNOWN)
    assert tally.accepted >= MAILS - tally.unknown
    assert set(in_doubt.values_list("provider", flat=True)) == {"first"}
    assert second.mails
