"""Counting which links people follow, where the practice wants it and they agreed to it.

A counted link carries an opaque id and a number. Where it leads stands in the compiled mail, so it
can lead nowhere else.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from nurture.consent import Gone
from nurture.domain import clicks
from nurture.models import Click, Message


@dataclass(frozen=True, slots=True)
class Followed:
    """One link of one mail."""

    message: Message
    number: int
    address: str


def followed(message_id: UUID, number: int) -> Followed:
    """Raises `Gone` for a mail or a link that is not there."""
    rows = Message.objects.select_related("subscriber", "step_version")
    message = rows.filter(public_id=message_id).first()
    addresses = targets(message) if message else ()
    if message is None or not 1 <= number <= len(addresses):
        raise Gone
    return Followed(message, number, addresses[number - 1])


def targets(message: Message) -> tuple[str, ...]:
    """Where the links of this mail lead, numbered from one."""
    version = message.step_version
    if version is None:
        return ()
    made = version.variants.get(choice=message.choice) if message.choice else version
    return clicks.targets(made.html)


@transaction.atomic
def record(link: Followed, *, now: datetime) -> None:
    """Once for each link, and as a program's if it came too soon or together with another link."""
    message = Message.objects.select_for_update(no_key=True).get(pk=link.message.pk)
    if not link.message.subscriber.clicks_count or message.submitted_at is None:
        return
    together = message.clicks.filter(clicked_at__gt=now - clicks.AT_ONCE)
    together = together.exclude(number=link.number)
    hurried = bool(together.update(by_program=True))
    by_program = hurried or clicks.too_soon(sent=message.submitted_at, clicked=now)
    row, new = message.clicks.get_or_create(
        number=link.number, defaults={"by_program": by_program, "clicked_at": now}
    )
    if not new and row.by_program and not by_program:  # what a program began, a person has read
        Click.objects.filter(pk=row.pk).update(by_program=False, clicked_at=now)
