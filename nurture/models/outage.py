from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F
from django.db.models.functions import Now


class OutageQuerySet(models.QuerySet["Outage"]):
    def by_now(self) -> Self:
        """With how long each has lasted, and how long it is until somebody may try again."""
        return self.annotate(lasts=Now() - F("since"), pause=F("retry_at") - Now())

    def lasting(self, by: timedelta) -> Self:
        """Those that began so long ago."""
        return self.filter(since__lte=Now() - by)


class Outage(models.Model):
    """That a provider of mail is away, or refuses us. There is no row while all is well.

    Until `retry_at` nobody asks it for anything; then one process tries with one mail.
    """

    provider = models.CharField(max_length=20, unique=True)
    answer = models.CharField(max_length=20)  # domain.retry.Answer
    failures = models.PositiveIntegerField(default=1)
    since = models.DateTimeField(db_default=Now())
    retry_at: "models.DateTimeField[datetime, datetime]" = models.DateTimeField()
    told_at = models.DateTimeField(null=True)  # when staff were written to

    objects = OutageQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.provider}: {self.answer}"
