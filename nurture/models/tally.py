from django.db import models

from nurture.domain.counted import Counted
from nurture.models.choices import column, known


class Tally(models.Model):
    """How often something happened on a day (UTC), over all processes."""

    day = models.DateField()
    what = column(Counted)
    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            known("what", Counted),
            models.UniqueConstraint(fields=["day", "what"], name="one_tally_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.what} on {self.day}: {self.number}"
