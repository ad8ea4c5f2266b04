"""What a person says about a mail, or does not say, and how their programme moves by it.

Each answer is a row. Until the next mail is planned the last one counts: it starts again where the
mail that asked has left the person, so that a slip of the thumb can be put right. A warning sign
counts at any time and ends the programme.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from nurture import announcing, counting, enrolment, whose_turn
from nurture.consent import Gone
from nurture.domain import feedback
from nurture.domain.counted import Counted
from nurture.domain.feedback import Action, Answer, BadRules, Move, Rules, Silence
from nurture.domain.states import (
    WENT_OUT,
    EnrolmentState,
    MessageKind,
    MessageState,
    Reason,
)
from nurture.models import CheckIn, Enrolment, Message, Step
from nurture.models.choices import values
from nurture.models.suppression import address_hash

SAFETY_LIFETIME = timedelta(days=2)
STAFF_LIFETIME = timedelta(days=7)
# What an answer may move: also what an earlier answer, or none, has held.
STEERABLE = frozenset(
    {EnrolmentState.ACTIVE, EnrolmentState.PAUSED, EnrolmentState.HELD, EnrolmentState.FINISHED}
)
HELD_BY_ANSWERS = frozenset({Reason.NONE, Reason.ANSWERED, Reason.SILENT, Reason.DATE_MISSING})


@dataclass(frozen=True, slots=True)
class Asked:
    """A mail that asks how it went. `enrolment` is as it was when this was read."""

    message: Message
    enrolment: Enrolment
    step: Step
    rules: Rules

    @classmethod
    def by(cls, message: Message | None) -> Self:
        """Raises `Gone` for a mail that asks nothing, and `BadRules` for nonsense in its row."""
        version = message.step_version if message else None
        if message is None or message.enrolment is None or version is None or not version.rules:
            raise Gone
        return cls(message, message.enrolment, version.step, version.rules)

    @property
    def is_open(self) -> bool:
        """Whether an answer still moves the programme: no later mail is planned."""
        row = self.enrolment
        held = row.state == EnrolmentState.HELD and row.reason not in HELD_BY_ANSWERS
        return row.turn == self.message.turn and row.state in STEERABLE and not held

    @property
    def went_out(self) -> bool:
        return self.message.state in WENT_OUT

    @property
    def repeats(self) -> int:
        """How often the person had this step before this time."""
        same = self.enrolment.messages.filter(
            step_version__step=self.step, state__in=values(WENT_OUT), turn__lt=self.message.turn
        )
        return same.count()

    def answer(self, number: int) -> Answer:
        """Answers are numbered from one. Raises `Gone`."""
        if not 1 <= number <= len(self.rules.answers):
            raise Gone
        return self.rules.answers[number - 1]


def asked(message_id: UUID) -> Asked:
    """The mail that a check-in link belongs to. Raises `Gone`."""
    rows = Message.objects.select_related("subscriber", "enrolment", "step_version__step")
    try:
        return Asked.by(rows.filter(public_id=message_id).first())
    except BadRules:  # somebody edited the row: its programme is held when it would go on
        raise Gone from None


@transaction.atomic
def record(message_id: UUID, number: int, *, now: datetime, source: str) -> CheckIn:
    """Keep an answer and move the programme by it. `now` is programme time. Raises `Gone`."""
    enrolment.lock(Enrolment.objects.filter(messages__public_id=message_id))
    question = asked(message_id)
    answer = question.answer(number)
    move = feedback.decide(question.rules, answer.key, question.repeats)
    said = CheckIn.objects.create(
        message=question.message,
        answer=answer.key,
        does=move.does,
        because=move.because,
        source=source,
        in_time=question.is_open,
    )
    if question.message.state == MessageState.UNKNOWN:  # who answers it has got it
        Message.objects.filter(pk=question.message.pk).update(
            state=MessageState.ACCEPTED, reason=Reason.ANSWERED
        )
        counting.count({Counted.RESOLVED: 1})
    question.enrolment.subscriber = question.message.subscriber
    announcing.about_enrolment(announcing.CHECKED_IN, question.enrolment)
    if move.does is Action.STOP:
        warn(question, said)
        announcing.about_enrolment(announcing.WARNING_SIGN, question.enrolment)
    if move.does is Action.STOP or (said.in_time and question.went_out):
        apply(question, move, now=now, reason=Reason.ANSWERED)
        said.applied_at = timezone.now()
        said.save(update_fields=["applied_at"])
    return said


def settle(now: datetime, *, limit: int) -> int:
    """What is due, but waits for an answer, goes by the rule for silence; how many.

    An answer that came before its mail was known as sent has waited for this moment, too. Rows are
    locked and skipped, as in `due.claim`, of which this is a part.
    """
    ids = whose_turn.silent(now, limit=limit)
    rows = Enrolment.objects.filter(pk__in=ids).order_by("due_at", "pk")
    questions = Message.objects.select_related("subscriber", "enrolment", "step_version__step")
    for row in rows:
        try:
            question = Asked.by(questions.filter(enrolment=row, turn=row.turn).first())
        except Gone:  # erased, or a version without its question: nothing was asked
            Enrolment.objects.filter(pk=row.pk).update(awaits_answer=False)
            continue
        except BadRules:
            enrolment.hold([row.pk], reason=Reason.IMPOSSIBLE)
            counting.count({Counted.IMPOSSIBLE: 1})
            continue
        settle_one(question, now=now)
    return len(ids)


def settle_one(question: Asked, *, now: datetime) -> None:
    said = question.message.check_ins.latest_that_counts()
    rules = question.rules
    if question.step.load_bearing:  # whatever the editor chose for silence
        rules = replace(rules, silence=Silence.REPEAT_ONCE_THEN_HOLD)
    move = feedback.decide(rules, said.answer if said else None, question.repeats)
    apply(question, move, now=now, reason=Reason.ANSWERED if said else Reason.SILENT)
    question.message.check_ins.filter(in_time=True, applied_at__isnull=True).update(
        applied_at=timezone.now()
    )


# ------------------------------------------------------------------ moving the programme


def apply(question: Asked, move: Move, *, now: datetime, reason: Reason) -> None:
    """Start again from where the mail has left the person, and go where the move leads."""
    row = question.enrolment
    match move.does:
        case Action.STOP:
            enrolment.stop(Enrolment.objects.filter(pk=row.pk), reason=Reason.WARNING_SIGN)
            others = Enrolment.objects.filter(subscriber=row.subscriber_id).exclude(pk=row.pk)
            enrolment.hold(others.values_list("pk", flat=True), reason=Reason.WARNING_SIGN)
        case Action.HOLD:
            enrolment.go_on(row, question.step, now=now)
            enrolment.hold([row.pk], reason=reason)
            tell_staff(question.message)
        case Action.ADVANCE:
            enrolment.go_on(row, question.step, now=now)
        case Action.REPEAT:
            go_back(question, question.step, now=now)
        case Action.STEP_BACK:
            earlier = Step.objects.filter(sequence=row.sequence_id, key__in=[move.to]).first()
            go_back(question, earlier or question.step, now=now)


def go_back(question: Asked, to: Step, *, now: datetime) -> None:
    row = question.enrolment
    if row.state == EnrolmentState.FINISHED and not enrolment.reopen(row):
        return
    enrolment.go_on(row, question.step, now=now)
    if Enrolment.objects.filter(pk=row.pk, state=EnrolmentState.FINISHED).exists():
        enrolment.reopen(row)  # after the last step there is nothing to go on to
    enrolment.step_back(row, to, now=now)


# ------------------------------------------------------------------ telling people


def warn(question: Asked, said: CheckIn) -> None:
    """The safety text at once, and word to the practice; once for each mail that asked."""
    message = question.message
    plan_notice(
        MessageKind.SAFETY,
        message,
        to=message.subscriber.address,
        lifetime=SAFETY_LIFETIME,
        check_in=said,
    )
    tell_staff(message)


def tell_staff(message: Message) -> None:
    plan_notice(MessageKind.STAFF, message, to=settings.STAFF_ADDRESS, lifetime=STAFF_LIFETIME)


def plan_notice(
    kind: MessageKind,
    about: Message,
    *,
    to: str,
    lifetime: timedelta,
    check_in: CheckIn | None = None,
) -> None:
    now = timezone.now()
    notice = Message(
        kind=kind,
        dedupe_key=about.public_id.hex,
        subscriber=about.subscriber,
        address=to,
        address_hash=address_hash(to),
        check_in=check_in,
        planned_for=now,
        expires_at=now + lifetime,
    )
    Message.objects.bulk_create([notice], ignore_conflicts=True)


# What the page after an answer says first; the template has the words.
OUTCOMES: Mapping[Action, str] = {
    Action.ADVANCE: "advance",
    Action.REPEAT: "repeat",
    Action.STEP_BACK: "repeat",
    Action.HOLD: "hold",
    Action.STOP: "stop",
}
