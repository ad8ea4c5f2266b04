"""What people may change about their programmes by themselves, and what comes next for them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice

from django.db import transaction
from django.db.models import F, Q

from nurture import enrolment, forecast, frequency, goals, plans
from nurture.domain import clocks
from nurture.domain.states import (
    OPEN,
    RUNNING,
    ConsentAction,
    EnrolmentState,
    MessageKind,
    Reason,
)
from nurture.forecast import Coming
from nurture.frequency import Taken
from nurture.models import (
    Consent,
    ConsentText,
    Enrolment,
    Message,
    Sequence,
    Step,
    Subscriber,
)
from nurture.models.choices import values
from nurture.models.suppression import address_hash

LOOK_AHEAD = 4
RESUMABLE = Q(state=EnrolmentState.PAUSED) | Q(state=EnrolmentState.HELD, reason=Reason.SILENT)
LONGEST_PAUSE = timedelta(days=366)
NOTICE_LIFETIME = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Programme:
    """One programme as its person sees it."""

    enrolment: Enrolment
    coming: tuple[Coming, ...]
    on_its_way: bool
    last_step: Step | None

    @property
    def can_resume(self) -> bool:
        row = self.enrolment
        silent = row.state == EnrolmentState.HELD and row.reason == Reason.SILENT
        return silent or row.state == EnrolmentState.PAUSED

    @property
    def can_repeat(self) -> bool:
        return self.last_step is not None


def programmes(subscriber: Subscriber, *, now: datetime) -> list[Programme]:
    """Those that run, with the scheduler's own dates: each makes room for those before it."""
    rows = Enrolment.objects.filter(subscriber=subscriber, state__in=values(RUNNING))
    rows = rows.select_related("subscriber", "sequence", "last_step").order_by("pk")
    taken = frequency.had_by(subscriber, now=now)
    dated: dict[int, list[Coming]] = {}
    for row in sorted(rows, key=frequency.rank):
        dated[row.pk] = coming(row, now=now, taken=taken)
        taken += frequency.dates(row, [mail.moment for mail in dated[row.pk]])
    return [
        Programme(
            enrolment=row,
            coming=tuple(dated[row.pk]),
            on_its_way=row.messages.filter(state__in=values(OPEN)).exists(),
            last_step=last_had(row),
        )
        for row in rows
    ]


def last_had(row: Enrolment) -> Step | None:
    """The step of the newest mail that went out."""
    went_out = row.messages.filter(kind=MessageKind.PROGRAMME, closed_at__isnull=False)
    newest = went_out.select_related("step_version__step").order_by("-turn").first()
    return newest.step_version.step if newest and newest.step_version else None


def coming(
    row: Enrolment, *, now: datetime, taken: Taken = (), limit: int = LOOK_AHEAD
) -> list[Coming]:
    """The next mails and their dates, if all goes on as it is and each week feels right."""
    if row.state != EnrolmentState.ACTIVE:
        return []
    found = forecast.coming(
        plans.plan_of(row.sequence),
        row,
        last_step=row.last_step_id,
        previous=row.anchored_at,
        not_before=now,
        person=replace(plans.person(row.subscriber), taken=taken),
        timed_by=row.timed_by_id,
    )
    return list(islice(found, limit))


# ------------------------------------------------------------------ changing something


@transaction.atomic
def pause(subscriber: Subscriber, *, until: date) -> None:
    """No mails before that day, as the person's calendar counts it."""
    morning = clocks.instant(until, time(0), subscriber.zone)
    enrolment.pause(subscriber.enrolments.all(), until=morning)


@transaction.atomic
def resume(subscriber: Subscriber, *, now: datetime) -> None:
    """End a pause, or a hold after silence. What waits for the practice goes on waiting."""
    enrolment.resume(subscriber.enrolments.filter(RESUMABLE), now=now)


@transaction.atomic
def choose_time(
    subscriber: Subscriber,
    *,
    weekday: int | None,
    hour: int | None,
    time_zone: str,
    language: str,
    now: datetime,
) -> None:
    """When mail should come, and in which language. What is unsent is dated again."""
    Subscriber.objects.filter(pk=subscriber.pk).update(
        weekday=weekday, hour=hour, time_zone=time_zone, language=language
    )
    enrolment.reschedule(subscriber.enrolments.all(), now=now)


@transaction.atomic
def correct(
    subscriber: Subscriber,
    *,
    first_name: str,
    dates: Mapping[str, date | None],
    tags: Collection[str],
    now: datetime,
) -> None:
    """The name for the greeting, the dates that programmes count from (None takes one back), and
    what was declared. What is unsent follows: another date, other exercises."""
    others = {name: day for name, day in subscriber.dates.items() if name not in dates}
    given = {name: day.isoformat() for name, day in dates.items() if day}
    Subscriber.objects.filter(pk=subscriber.pk).update(
        first_name=first_name, dates={**others, **given}, tags=sorted(set(tags))
    )
    if set(tags) != set(subscriber.tags):
        enrolment.choose_again(subscriber.enrolments.all(), now=now)
    enrolment.reschedule(subscriber.enrolments.all(), now=now)


@transaction.atomic
def repeat(row: Enrolment, *, now: datetime) -> None:
    """The last week once more."""
    if step := last_had(row):
        enrolment.go_on(row, step, now=now)
        enrolment.repeat(row, step, now=now)


@transaction.atomic
def step_back(row: Enrolment, *, now: datetime) -> None:
    """The week before the last one, or the last one if there is none before it."""
    if step := last_had(row):
        plan = plans.plan_of(row.sequence)
        earlier = Step.objects.filter(pk=plan.before(step.pk) or step.pk).get()
        enrolment.go_on(row, step, now=now)
        enrolment.step_back(row, earlier, now=now)


@transaction.atomic
def leave(row: Enrolment) -> None:
    """This programme alone."""
    enrolment.stop(Enrolment.objects.filter(pk=row.pk), reason=Reason.ASKED_TO)


@transaction.atomic
def change_programme(
    row: Enrolment, sequence: Sequence, text: ConsentText, *, now: datetime
) -> Enrolment:
    """Another diagnosis: the old programme ends, the new one begins, and the consent says so."""
    goals.changed_diagnosis(row, sequence, now=now)
    leave(row)
    Consent.objects.create(
        subscriber=row.subscriber,
        action=ConsentAction.GIVEN,
        sequence=sequence,
        text=text,
        source="preferences",
    )
    return enrolment.enrol(row.subscriber, sequence, now=now)


# ------------------------------------------------------------------ links by mail


@transaction.atomic
def new_links(subscriber: Subscriber, *, now: datetime) -> None:
    """All personal links that are out there end; the new ones come by mail."""
    Subscriber.objects.filter(pk=subscriber.pk).update(link_generation=F("link_generation") + 1)
    mail_link(MessageKind.LINKS, subscriber, now=now)


def mail_link(kind: MessageKind, subscriber: Subscriber, *, now: datetime) -> None:
    """One link by mail; at most one of a kind each hour, unless the old one was voided."""
    generation = Subscriber.objects.values_list("link_generation", flat=True).get(pk=subscriber.pk)
    notice = Message(
        kind=kind,
        dedupe_key=f"{subscriber.public_id.hex} {now:%Y-%m-%d %H} {generation}",
        subscriber=subscriber,
        address=subscriber.address,
        address_hash=address_hash(subscriber.address),
        planned_for=now,
        expires_at=now + NOTICE_LIFETIME,
    )
    Message.objects.bulk_create([notice], ignore_conflicts=True)


def may_change(subscriber: Subscriber) -> bool:
    """Whether there is anything to steer: not after leaving."""
    return subscriber.consent == ConsentAction.GIVEN
