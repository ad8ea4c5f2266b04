"""Which provider mail goes by: the first that works, and who takes over while it is away.

A provider that is away is left alone: nothing is claimed for it, no attempt is spent, nobody waits
for its time-outs. After a pause, longer each time, one process tries with one mail. That it is away
is a row, so every process knows of it, without Redis and after a restart.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from nurture import counting
from nurture.domain.counted import Counted
from nurture.domain.provider import Provider
from nurture.domain.retry import Answer
from nurture.domain.states import TRANSACTIONAL, MessageKind
from nurture.mail import headers, signature
from nurture.mail.compose import Envelope
from nurture.models import Message, Outage

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
MOST_DOUBLINGS = 10
# Who tries says within this time how it went; if not, the next one tries.
PROBE = timedelta(minutes=1)
NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Route:
    """A provider to go by. `is_probe`: it was away, and one mail is to find out."""

    provider: Provider
    is_probe: bool = False

    def begin(self) -> bool:
        """For a probe: whether it is ours to make."""
        waiting = Outage.objects.filter(provider=self.provider.name, retry_at__lte=Now())
        return bool(waiting.update(retry_at=Now() + PROBE))

    def went(self, *, reached: bool, outage: Answer | None) -> None:
        """Remember how it went, as far as it was tried."""
        if outage is not None:
            failed(self.provider.name, outage, again=self.is_probe)
        elif self.is_probe and reached:
            worked(self.provider.name)
        elif self.is_probe:  # the mail was none to try it with
            Outage.objects.filter(provider=self.provider.name).update(retry_at=Now())

    def marked(self, envelope: Envelope, message: Message) -> Envelope:
        """With our signature, and the key by which this provider knows a mail that it has had.

        A service signs by itself, and gets the key beside the mail.
        """
        name, signer = self.provider.idempotency_header, settings.MAIL_SIGNER
        if self.provider.service or not (name or signer):
            return envelope
        content = signature.signed(envelope.content, signer) if signer else envelope.content
        if name:
            content = headers.unfolded(name, message.message_id) + content
        return replace(envelope, content=content)


def choose(kinds: Collection[MessageKind]) -> Route | None:
    """The first provider that works, or that is to be tried again. None: mail has to wait.

    Mails that somebody waits for go by the next one at once; programmes when the first has been
    away for long, since each provider's good name is built slowly.
    """
    outages: dict[str, Any] = {row.provider: row for row in Outage.objects.by_now()}
    for provider in settings.MAIL_PROVIDERS:
        if route := to(provider, outages):
            return route
        if not (TRANSACTIONAL.issuperset(kinds) or outages[provider.name].lasts >= patience()):
            return None
    return None


def for_repeats(besides: Route | None) -> Iterator[Route]:
    """The other ways that mails may be in doubt by: they go by their own provider or not at all."""
    others = [one for one in settings.MAIL_PROVIDERS if one.repeats]
    if besides is not None:
        others = [one for one in others if one != besides.provider]
    outages = {row.provider: row for row in Outage.objects.by_now()} if others else {}
    for provider in others:
        if route := to(provider, outages):
            yield route


def to(provider: Provider, outages: Mapping[str, Any]) -> Route | None:
    """The way to this provider, unless it is to be left alone."""
    outage = outages.get(provider.name)
    if outage is None:
        return Route(provider)
    return Route(provider, is_probe=True) if outage.pause <= NOTHING else None


def patience() -> timedelta:
    return timedelta(minutes=settings.MAIL_FAILOVER_MINUTES)


# Several who find out at once are one failure.
FAILED = """
    INSERT INTO nurture_outage AS known (provider, answer, failures, retry_at)
    VALUES (%(provider)s, %(answer)s, 1, now() + %(first)s)
    ON CONFLICT (provider) DO UPDATE SET
        answer = %(answer)s, failures = known.failures + 1,
        retry_at = now() + LEAST(%(first)s * 2 ^ LEAST(known.failures, %(doublings)s), %(longest)s)
    WHERE %(again)s OR known.retry_at <= now()
    RETURNING failures, extract(epoch FROM retry_at - now())::int
"""


def failed(provider: str, answer: Answer, *, again: bool) -> None:
    """Leave it alone for a while; `again`: this was the one who was to try."""
    parameters: dict[str, Any] = {
        "provider": provider,
        "answer": answer.value,
        "again": again,
        "first": FIRST_PAUSE,
        "longest": LONGEST_PAUSE,
        "doublings": MOST_DOUBLINGS,
    }
    with connection.cursor() as cursor:
        cursor.execute(FAILED, parameters)
        row = cursor.fetchone()
    if row is None:  # somebody else has said so
        return
    failures, seconds = row
    if failures == 1:
        counting.count({Counted.AWAY: 1})
        log.error("provider %s is away (%s); it is tried again in %d s", provider, answer, seconds)
    else:
        log.warning("provider %s is still away (%s); again in %d s", provider, answer, seconds)


def worked(provider: str) -> None:
    if Outage.objects.filter(provider=provider).delete()[0]:
        log.warning("provider %s takes mail again", provider)
