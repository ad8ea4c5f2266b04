"""Twelve weeks in two minutes: the demo moves programme time, the application does the rest.

Nothing is faked: enrolments are claimed with a later `now`, a doorbell rings, and the worker sends.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, QuerySet
from django.utils import timezone

from config.local import terminal
from config.local.trouble import Trouble
from nurture import checkins, due, tasks
from nurture.domain.schedule import local_date
from nurture.domain.states import OPEN
from nurture.models import Enrolment, Message, Step
from nurture.models.choices import values
from nurture.models.enrolment import EnrolmentQuerySet

POLL_SECONDS = 0.1
# A doorbell that got lost costs one round of beat, and a second one may be needed.
SENT_WITHIN_SECONDS = 90.0
WEEKEND = timedelta(days=3)

Check = Callable[[], None]


@dataclass
class Calendar:
    """Maps programme time from `first` to `last` evenly on the seconds of the play."""

    first: datetime
    last: datetime
    seconds: float
    began: float

    def wait_for(self, moment: datetime, *, check: Check) -> None:
        """Sleep until it is `moment`. Later than `last`, no time passes any more."""
        share = min(1.0, (moment - self.first) / (self.last - self.first))
        until = self.began + share * self.seconds
        while (left := until - time.monotonic()) > 0:
            check()
            time.sleep(min(left, 1.0))


def play(domain: str, *, seconds: float, check: Check) -> None:
    """Play all programmes of those whose addresses end with `domain`. Raises Trouble."""
    calendar = open_calendar(domain, seconds=seconds)
    told: set[int] = set()
    moment = calendar.first
    while True:
        wait_until_sent(domain, check=check)
        tell(domain, told)
        following = next_due(domain)
        if following is None:
            return
        moment = max(moment, following)
        calendar.wait_for(moment, check=check)
        answer_open(domain, now=moment)
        while due.claim(moment):
            tasks.ring(tasks.send_programme)


def answer_open(domain: str, *, now: datetime) -> None:
    """The people of the demo say "about right" to each mail that asks, so that they go on."""
    asking = messages(domain).filter(enrolment__awaits_answer=True, turn=F("enrolment__turn"))
    for message in asking.exclude(state__in=values(OPEN)):
        rules = message.step_version.rules if message.step_version else None
        keys = [answer.key for answer in rules.answers] if rules else []
        if "about_right" in keys:
            number = keys.index("about_right") + 1
            checkins.record(message.public_id, number, now=now, source="demo")


def open_calendar(domain: str, *, seconds: float) -> Calendar:
    sequences = enrolments(domain).values("sequence")
    lengths: Counter[int] = Counter()
    for step in Step.objects.filter(sequence__in=sequences, live=True):
        lengths[step.sequence_id] += step.wait_days
    days = max(lengths.values(), default=0)
    first = timezone.now()
    return Calendar(first, first + timedelta(days=days) + WEEKEND, seconds, time.monotonic())


def enrolments(domain: str) -> EnrolmentQuerySet:
    return Enrolment.objects.filter(subscriber__address__endswith=domain)


def messages(domain: str) -> QuerySet[Message]:
    rows = Message.objects.filter(address__endswith=domain)
    return rows.select_related("subscriber", "enrolment", "step_version__step")


def next_due(domain: str) -> datetime | None:
    rows = enrolments(domain).on_air().filter(due_at__isnull=False)
    moment: datetime | None = rows.order_by("due_at").values_list("due_at", flat=True).first()
    return moment


def wait_until_sent(domain: str, *, check: Check) -> None:
    """Time stands still while a mail is on its way."""
    deadline = time.monotonic() + SENT_WITHIN_SECONDS
    while (stuck := messages(domain).filter(state__in=values(OPEN))).exists():
        if time.monotonic() > deadline:
            states = {f"{message.state} {message.reason}".strip() for message in stuck}
            raise Trouble(
                f"A mail was not sent within {SENT_WITHIN_SECONDS:.0f} seconds: it is "
                f"{', '.join(states)}. See worker.log in the demo's folder of logs."
            )
        check()
        time.sleep(POLL_SECONDS)


def tell(domain: str, told: set[int]) -> None:
    """One line for each programme mail that went out since the last time."""
    fresh = messages(domain).filter(enrolment__isnull=False).exclude(pk__in=told)
    for message in fresh.order_by("planned_for"):
        told.add(message.pk)
        local = message.planned_for.astimezone(message.subscriber.zone)
        subject = message.step_version.subject if message.step_version else ""
        who = f"{message.subscriber.first_name} ({place(message.subscriber.time_zone)})"
        terminal.say(f"  week {week(message):2}  {local:%a %d %b %H:%M}  {who:22}  {subject}")


def week(message: Message) -> int:
    """Counted in the person's own days, as the person would."""
    assert message.enrolment is not None  # noqa: S101 - only programme mails are told
    zone = message.subscriber.zone
    began = local_date(message.enrolment.started_at, zone)
    return (local_date(message.planned_for, zone) - began).days // 7 + 1


def place(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")
