from django.db import models


class Step(models.Model):
    """One planned e-mail of a sequence. Its key is the stream block's and survives edits."""

    sequence = models.ForeignKey(
        "nurture.Sequence", on_delete=models.CASCADE, related_name="compiled_steps"
    )
    key = models.UUIDField()
    position = models.PositiveIntegerField()
    wait_days = models.PositiveIntegerField()
    live = models.BooleanField(default=True)
    # For a removed step: its nearest predecessor at that time, from which its people go on.
    stood_after = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["sequence", "key"], name="step_key_once_per_sequence")
        ]

    def __str__(self) -> str:
        return f"step {self.position + 1} of sequence {self.sequence_id}"


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
