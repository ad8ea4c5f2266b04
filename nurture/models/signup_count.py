from django.db import models


class SignupCount(models.Model):
    """How many signups came from one network within an hour, counted while Redis is away."""

    network = models.CharField(max_length=64)  # an HMAC: nobody can be found by it
    hour = models.DateTimeField()
    amount = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["network", "hour"], name="counted_once_per_hour")
        ]

    def __str__(self) -> str:
        return f"{self.amount} since {self.hour:%H:%M}"
