from django.contrib.postgres.fields import ArrayField
from django.db import models

from nurture.domain.entry import Kind


class Refusal(models.Model):
    """Somebody could not start a sequence, by its entry rules. It goes when they can.

    Without a subscriber it is a visitor who was told so by the form, before anything was stored
    about them: only that it happened is kept, for the practice to see.
    """

    sequence = models.ForeignKey(
        "nurture.Sequence", on_delete=models.CASCADE, related_name="refusals"
    )
    subscriber = models.ForeignKey(
        "nurture.Subscriber", on_delete=models.CASCADE, null=True, related_name="refusals"
    )
    rules = ArrayField(models.CharField(max_length=20, choices=[(one, one) for one in Kind]))
    source = models.CharField(max_length=40)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sequence", "subscriber"], name="refused_once_at_a_time"
            )
        ]
        indexes = [models.Index(fields=["sequence", "at"], name="refusals_of_a_sequence")]

    def __str__(self) -> str:
        return f"sequence {self.sequence_id}, {', '.join(self.rules)}"
