from django.db import models

from nurture.models.sequence import OutsideEvent


class OutsideReport(models.Model):
    """What booking software reported, once for each idempotency key of a token."""

    token = models.CharField(max_length=16)  # the public id of the API token
    key = models.CharField(max_length=80)
    event = models.CharField(max_length=30, choices=OutsideEvent.choices)
    # Whom and what exactly it was about, so that a key that comes again for something else is seen.
    fingerprint = models.CharField(max_length=64)
    occurred_at = models.DateTimeField()
    result = models.JSONField(default=dict)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token", "key"], name="outside_report_once_per_key")
        ]

    def __str__(self) -> str:
        return f"{self.event} by {self.token}"
