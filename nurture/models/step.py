from collections.abc import Collection

from django.db import models

from nurture.domain import alternatives, conditions
from nurture.domain.alternatives import Choice, Option
from nurture.domain.conditions import Condition
from nurture.domain.feedback import BadRules, Rules
from nurture.domain.schedule import After, Unit, Wait

# What reading a value of the wrong shape raises.
UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
DAYS = {"days": 1, "weeks": 7, "hours": 0}


class Step(models.Model):
    """One planned e-mail of a sequence. Its key is the stream block's and survives edits.

    The columns `wait_...` say when it is due: so many units after the mail before it, after the
    start, or before (a negative count) or after a date that the person gave; and then, if there is
    a weekday (Monday is 0), on the next one of those.
    """

    class Unit(models.TextChoices):
        HOURS = "hours"
        DAYS = "days"
        WEEKS = "weeks"

    class After(models.TextChoices):
        PREVIOUS = "previous"
        START = "start"
        DATE = "date"

    sequence = models.ForeignKey(
        "nurture.Sequence", on_delete=models.CASCADE, related_name="compiled_steps"
    )
    key = models.UUIDField()
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=60, blank=True)
    wait_count = models.IntegerField(default=0)
    wait_unit = models.CharField(max_length=10, choices=Unit, default=Unit.DAYS)
    wait_after = models.CharField(max_length=10, choices=After, default=After.PREVIOUS)
    wait_date_name = models.CharField(max_length=40, blank=True)
    wait_weekday = models.PositiveSmallIntegerField(null=True)
    # Silence never leads past a load-bearing step; a mail that failed leads past a skippable one.
    load_bearing = models.BooleanField(default=False)
    skippable = models.BooleanField(default=False)
    conditions = models.JSONField(default=list)  # see domain.conditions
    live = models.BooleanField(default=True)
    # An edit has put something before it that stood after it, or brought it back: whoever goes on
    # from there may have had it. See domain.progression.overtaken.
    overtaken = models.BooleanField(default=False)
    # For a removed step: its nearest predecessor at that time, from which its people go on.
    stood_after = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["sequence", "key"], name="step_key_once_per_sequence"),
            models.CheckConstraint(
                condition=models.Q(wait_after="date") ^ models.Q(wait_date_name=""),
                name="only_a_wait_for_a_date_names_one",
            ),
            models.CheckConstraint(
                condition=models.Q(wait_weekday__isnull=True) | models.Q(wait_weekday__lte=6),
                name="wait_weekday_is_one",
            ),
        ]

    def __str__(self) -> str:
        return f"step {self.position + 1} of sequence {self.sequence_id}"

    @property
    def wait(self) -> Wait:
        return Wait(
            self.wait_count,
            Unit(self.wait_unit),
            After(self.wait_after),
            self.wait_date_name,
            self.wait_weekday,
        )

    @property
    def wait_days(self) -> int:
        """The wait in whole days, for a schedule that knows nothing else."""
        return max(self.wait_count * DAYS[self.wait_unit], 0)

    @property
    def is_readable(self) -> bool:
        """Whether it says when and for whom. Only a row that was edited by hand does not."""
        try:
            _said = self.wait, self.whom
        except UNREADABLE:
            return False
        return True

    @property
    def whom(self) -> list[Condition]:
        """Whom this step is for; nobody is left out by an empty list."""
        return conditions.from_json(self.conditions)


class StepVersion(models.Model):
    """What a step said, compiled. Immutable: a change makes the next number."""

    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="versions")
    locale = models.ForeignKey("wagtailcore.Locale", on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=200)
    preheader = models.CharField(max_length=200)
    html = models.TextField()
    text = models.TextField()
    fingerprint = models.CharField(max_length=64)
    # The revisions of the exercise pages inside: {"page id": revision id}.
    page_revisions = models.JSONField(default=dict)
    # The rules of the check-in that this mail asks, empty without one: see domain.feedback.
    checkin = models.JSONField(default=dict)
    # What could stand in each exercise slot: see domain.alternatives. Empty: all are for everybody.
    slots = models.JSONField(default=list)
    # A copy: whether a clinician stands behind those pages today. See `nurture.gate`.
    in_review = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["step", "locale", "number"], name="version_number_once_per_step"
            )
        ]

    def __str__(self) -> str:
        return f"version {self.number} of step {self.step_id}"

    @property
    def rules(self) -> Rules | None:
        """What an answer to this mail does; None if it asks nothing.

        Raises `BadRules` for a row that was edited by hand.
        """
        try:
            return Rules.from_json(self.checkin) if self.checkin else None
        except UNREADABLE as error:
            raise BadRules("checkin", "These are no rules.") from error

    def choice_for(self, declared: Collection[str]) -> Choice | None:
        """Which exercises somebody gets who declared these tags; None if a person must look, as
        at a row that was edited by hand."""
        try:
            slots = [[Option.from_json(option) for option in slot] for slot in self.slots]
        except UNREADABLE:
            return None
        return alternatives.choose(slots, declared)


class Variant(models.Model):
    """The same version with other exercises in it, for people for whom the usual are wrong."""

    version = models.ForeignKey(StepVersion, on_delete=models.CASCADE, related_name="variants")
    choice = models.CharField(max_length=40)  # see domain.alternatives.key
    html = models.TextField()
    text = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "choice"], name="variant_once_per_choice")
        ]

    def __str__(self) -> str:
        return f"{self.choice} of version {self.version_id}"
