"""Stopping programme mail to a domain, by a provider, or all of it, when too many complain or
bounce.

A halt is a row, so it holds without Redis and after a restart, until a person lets mail go on.
Confirmations and safety notices are not held up by it.
"""

import logging
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from nurture import counting
from nurture.domain import reputation
from nurture.domain.counted import Counted
from nurture.domain.reputation import Counts, Limits
from nurture.domain.states import EventKind, Halted, MessageState, Reason
from nurture.models import Halt
from nurture.models.choices import values
from nurture.models.halt import ALL

log = logging.getLogger(__name__)

SPAN = timedelta(days=1)

# What is said of mails within the span, and how many there were. The events are few and have an
# index of their own; the mails are read by the order in which they were written.
SAID = """
    SELECT split_part(lower(message.address), '@', 2), message.provider,
           count(DISTINCT message.id) FILTER (WHERE event.kind = %(complained)s),
           count(DISTINCT message.id) FILTER (WHERE event.kind = ANY(%(bounced)s))
    FROM nurture_event AS event JOIN nurture_message AS message ON message.id = event.message_id
    WHERE event.kind = ANY(%(kinds)s) AND event.received_at > %(since)s GROUP BY 1, 2
"""
SENT = """
    SELECT split_part(lower(address), '@', 2), provider,
           count(*) FILTER (WHERE submitted_at IS NOT NULL OR state = %(failed)s),
           count(*) FILTER (WHERE state = %(failed)s AND reason = %(refused)s)
    FROM nurture_message WHERE created_at > %(since)s GROUP BY 1, 2
"""
BOUNCED = frozenset({EventKind.HARD_BOUNCE, EventKind.REFUSED})


def watch(now: datetime) -> int:
    """Look at the last day, and halt what has to be halted; how many halts are new."""
    limits = Limits(settings.MAIL_COMPLAINT_PERCENT, settings.MAIL_BOUNCE_PERCENT)
    new = 0
    for domain, counts in counts_since(now - SPAN).items():
        if found := reputation.judge(since_release(domain, counts, now), limits):
            new += halt(domain, *found, mails=counts.mails)
    return new


def counts_since(since: datetime) -> dict[str, Counts]:
    """By domain, by provider if there are several, and for all together."""
    parameters: dict[str, Any] = {
        "since": since,
        "complained": EventKind.COMPLAINED,
        "bounced": values(BOUNCED),
        "kinds": values(BOUNCED | {EventKind.COMPLAINED}),
        "failed": MessageState.FAILED,
        "refused": Reason.RECIPIENT_REFUSED,
    }
    with connection.cursor() as cursor:
        cursor.execute(SAID, parameters)
        rows = [(domain, by, Counts(0, *bad)) for domain, by, *bad in cursor.fetchall()]
        cursor.execute(SENT, parameters)
        rows += [(domain, by, Counts(n, 0, bad)) for domain, by, n, bad in cursor.fetchall()]
    # Of a single one all mail would say the same.
    providers = settings.MAIL_PROVIDERS if len(settings.MAIL_PROVIDERS) > 1 else ()
    several = {provider.name for provider in providers}
    found: dict[str, Counts] = defaultdict(Counts)
    for domain, provider, counts in rows:
        for name in {domain, ALL, *several.intersection({provider})}:
            found[name] += counts
    return dict(found)


def since_release(domain: str, counts: Counts, now: datetime) -> Counts:
    """What came before a person let mail go on does not count again."""
    released = Halt.objects.filter(domain=domain).values_list("released_at", flat=True).first()
    if released is None or released < now - SPAN:
        return counts
    return counts_since(released).get(domain, Counts())


@transaction.atomic
def halt(domain: str, reason: Halted, bad: int = 0, *, mails: int = 0) -> bool:
    """Stop programme mail to this domain, "*" for all; whether it was not stopped before."""
    row, created = Halt.objects.select_for_update().get_or_create(
        domain=domain, defaults={"reason": reason, "bad": bad, "mails": mails}
    )
    if not created and row.released_at is None:
        return False
    Halt.objects.filter(pk=row.pk).update(
        reason=reason, bad=bad, mails=mails, halted_at=Now(), released_at=None, told_at=None
    )
    counting.count({Counted.HALTED: 1})
    log.warning("mail to %s is halted: %s, %d of %d", domain, reason, bad, mails)
    return True


def release(domain: str) -> bool:
    """Let mail go on; whether it was stopped."""
    return bool(Halt.objects.in_force().filter(domain=domain).update(released_at=Now()))
