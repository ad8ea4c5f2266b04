import uuid
from typing import Any

from django.db import models
from django.db.models.functions import Now


class Dependency(models.Model):
    """Something that a compiled step was made from. Written anew by each compilation."""

    class Kind(models.TextChoices):
        PAGE = "page"
        PICTURE = "picture"
        SETTING = "setting"

    sequence = models.ForeignKey(
        "nurture.Sequence", on_delete=models.CASCADE, related_name="dependencies"
    )
    step_key = models.UUIDField()
    kind = models.CharField(max_length=10, choices=Kind)
    number = models.PositiveBigIntegerField(default=0)  # of the page or the picture

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sequence", "step_key", "kind", "number"], name="depends_once"
            )
        ]
        indexes = [models.Index(fields=["kind", "number"], name="depends_on")]

    def __str__(self) -> str:
        return f"{self.kind} {self.number} in sequence {self.sequence_id}"


class RecompileQuerySet(models.QuerySet["Recompile"]):
    def waiting(self) -> "RecompileQuerySet":
        """Those that nobody has tried since they were asked for."""
        return self.filter(trouble=[])


class Recompile(models.Model):
    """A step that has to be brought up to date: work to do, and what kept it from being done."""

    sequence = models.ForeignKey(
        "nurture.Sequence", on_delete=models.CASCADE, related_name="recompiles"
    )
    step_key = models.UUIDField()
    asked_at = models.DateTimeField(db_default=Now())
    ticket = models.UUIDField(default=uuid.uuid4)  # a new one for each asking
    trouble: Any = models.JSONField(default=list)  # why it failed, in the editor's words

    objects = RecompileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sequence", "step_key"], name="recompile_asked_once")
        ]

    def __str__(self) -> str:
        return f"step {self.step_key} of sequence {self.sequence_id}"
