from django.db import models

from nurture.domain.states import Braked
from nurture.models.choices import column, known


class Brake(models.Model):
    """The one row that can stop all sending, and what it knows of the database that it lies in."""

    identity = models.CharField(max_length=80)  # see `nurture.brake`
    pulled = column(Braked, blank=True, default=Braked.NO)
    pulled_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            known("pulled", Braked),
            models.CheckConstraint(condition=models.Q(pk=1), name="there_is_one_brake"),
        ]

    def __str__(self) -> str:
        return self.pulled or "sending"
