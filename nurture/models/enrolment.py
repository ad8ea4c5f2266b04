import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q

from nurture.domain.states import RUNNING, EnrolmentState, Reason
from nurture.models.choices import column, known, values
from nurture.models.quick import QuickToRead


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def on_air(self) -> "EnrolmentQuerySet":
        """Those that move: active, in a sequence that is published."""
        return self.filter(state=EnrolmentState.ACTIVE, sequence__live=True)

    def due(self, now: datetime) -> "EnrolmentQuerySet":
        """Those whose next mail is due by the live plan. `now` is programme time, aware."""
        by_plan = self.on_air().filter(plan_number=F("sequence__plan_number"))
        return by_plan.filter(due_at__lte=now, awaits_answer=False)

    def reached_goal(self) -> "EnrolmentQuerySet":
        """Those whose goal was reached, be it by an event or by finishing."""
        finishing = Q(sequence__goal_event="finished", state=EnrolmentState.FINISHED)
        return self.filter(finishing | Q(goal_reached_at__isnull=False))


class Enrolment(QuickToRead):
    """A subscriber in a sequence: where the person stands, and when the next mail is due.

    `due_at` is null while a message is open and when nothing follows. The wait of the next step
    counts from `anchored_at`, when the last mail went out, from `started_at` or from a date.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subscriber = models.ForeignKey(
        "nurture.Subscriber", on_delete=models.CASCADE, related_name="enrolments"
    )
    sequence = models.ForeignKey(
        "nurture.Sequence", on_delete=models.PROTECT, related_name="enrolments"
    )
    state = column(EnrolmentState, default=EnrolmentState.ACTIVE)
    reason = column(Reason, default=Reason.NONE, blank=True)
    next_step = models.ForeignKey(
        "nurture.Step", on_delete=models.PROTECT, null=True, related_name="+"
    )
    last_step = models.ForeignKey(
        "nurture.Step", on_delete=models.PROTECT, null=True, related_name="+"
    )
    # Whose wait counts, if not the next step's: a repeated step comes when another would have.
    timed_by = models.ForeignKey(
        "nurture.Step", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    due_at = models.DateTimeField(null=True)
    anchored_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    turn = models.PositiveIntegerField(default=0)
    # Each step back, repeats included: after which turn, and the steps that count as not had since.
    rewinds = models.JSONField(default=list)
    # What was had, of the mails that are forgotten: their steps and turns. Null: none was.
    had = models.JSONField(null=True)
    # The last mail asked how it went. Nothing is due before that is settled: by an answer, by the
    # rule for silence, or by somebody who says how to go on.
    awaits_answer = models.BooleanField(default=False)
    plan_number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    # Finished, and what ends by it has been ended: see `goals.settle`.
    finish_settled = models.BooleanField(default=False, db_default=False)
    # When the goal was reached by something that happened; finishing needs no date of its own.
    goal_reached_at = models.DateTimeField(null=True)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["awaits_answer", "due_at", "id"],
                condition=Q(state=EnrolmentState.ACTIVE.value),
                name="enrolment_at_its_time",
            ),
            models.Index(
                fields=["sequence", "plan_number"],
                condition=Q(state=EnrolmentState.ACTIVE.value),
                name="enrolment_plan",
            ),
            models.Index(
                fields=["paused_until"],
                condition=Q(state=EnrolmentState.PAUSED.value),
                name="enrolment_paused",
            ),
            models.Index(
                fields=["ended_at"],
                condition=Q(state=EnrolmentState.FINISHED.value, finish_settled=False),
                name="enrolment_just_finished",
            ),
            models.Index(
                fields=["timed_by"],
                condition=Q(timed_by__isnull=False),
                name="enrolment_timed_by",
            ),
        ]
        constraints = [
            known("state", EnrolmentState),
            models.UniqueConstraint(
                fields=["subscriber", "sequence"],
                condition=Q(state__in=values(RUNNING)),
                name="enrolled_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"enrolment {self.public_id}"
