"""What should have been sent, what was recorded, and what really arrived."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from config.local import terminal
from config.local.play import enrolments, messages
from nurture.domain.states import EnrolmentState, MessageKind, MessageState
from nurture.models import Enrolment, Message, Step

HEADING = ("subscriber", "mail", "due (their time)", "sent (here)", "state")


def table(domain: str) -> str:
    rows = messages(domain).order_by("subscriber__first_name", "planned_for", "pk")
    return terminal.table(HEADING, [row(message) for message in rows])


def row(message: Message) -> tuple[str, ...]:
    local = message.planned_for.astimezone(message.subscriber.zone)
    state = f"{message.state} {message.reason}".strip()
    return (
        message.subscriber.first_name,
        name(message),
        f"{local:%a %d %b %Y %H:%M %Z}",
        clock(message.submitted_at),
        message.state if message.state == MessageState.ACCEPTED else state,
    )


def name(message: Message) -> str:
    if message.step_version is None:
        return message.kind
    return f"step {message.step_version.step.position + 1}"


def clock(moment: datetime | None) -> str:
    return f"{moment.astimezone():%H:%M:%S}" if moment else "-"


def faults(domain: str, received: Counter[str], *, people: int) -> list[str]:
    """Nothing, if each planned mail came exactly once and nothing else did."""
    found = list(programme_faults(domain))
    confirmations = messages(domain).filter(kind=MessageKind.CONFIRMATION).count()
    if confirmations != people or enrolments(domain).count() != people:
        found.append(f"{people} people signed up, but {confirmations} confirmations were planned")
    found += message_faults(domain, received)
    planned = set(messages(domain).values_list("message_id", flat=True))
    return [*found, *(f"{unknown} came but was not planned" for unknown in {*received} - planned)]


def programme_faults(domain: str) -> Iterator[str]:
    """Each programme finished, with each of its steps once and in order."""
    for enrolment in enrolments(domain).select_related("subscriber"):
        planned, had = plan(enrolment), steps_had(enrolment)
        if enrolment.state != EnrolmentState.FINISHED or planned != had:
            who = enrolment.subscriber.first_name
            yield f"{who} had {len(had)} of {len(planned)} steps and is {enrolment.state}"


def plan(enrolment: Enrolment) -> list[int]:
    live = Step.objects.filter(sequence=enrolment.sequence_id, live=True)
    return list(live.order_by("position").values_list("pk", flat=True))


def steps_had(enrolment: Enrolment) -> list[int]:
    rows = Message.objects.filter(enrolment=enrolment).order_by("turn")
    return [pk for pk in rows.values_list("step_version__step", flat=True) if pk is not None]


def message_faults(domain: str, received: Counter[str]) -> Iterator[str]:
    for message in messages(domain):
        times = received[message.message_id]
        if message.state != MessageState.ACCEPTED or times != 1:
            yield f"{message.message_id} is {message.state} and came {times} times"
