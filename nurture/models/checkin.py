import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from nurture.domain.feedback import Action, Because
from nurture.models.choices import column, known


class CheckInQuerySet(models.QuerySet["CheckIn"]):
    def latest_that_counts(self) -> "CheckIn | None":
        """The last answer that came in time. `self` is about one message."""
        return self.filter(in_time=True).order_by("-pk").first()


class CheckIn(models.Model):
    """One answer to one mail. Append-only: all are kept, and of those in time the last counts."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message = models.ForeignKey(
        "nurture.Message", on_delete=models.CASCADE, related_name="check_ins"
    )
    answer = models.CharField(max_length=60)  # its key in the rules of the mail that asked
    does = column(Action)
    because = column(Because)
    source = models.CharField(max_length=40)
    # Whether it came before the next mail was planned; what came later is kept and moves nothing.
    in_time = models.BooleanField()
    # Null while it waits for its mail to be known as sent. Then the programme has moved by it.
    applied_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = CheckInQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["message"],
                condition=Q(in_time=True, applied_at__isnull=True),
                name="check_in_waiting",
            )
        ]
        constraints = [known("does", Action), known("because", Because)]

    def __str__(self) -> str:
        return f"check-in {self.public_id}"
