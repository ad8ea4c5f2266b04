from django.db import models
from django.db.models.functions import Now

from nurture.domain.states import Halted
from nurture.models.choices import column, known

ALL = "*"


class HaltQuerySet(models.QuerySet["Halt"]):
    def in_force(self) -> "HaltQuerySet":
        return self.filter(released_at__isnull=True)


class Halt(models.Model):
    """That no programme mail goes to a domain, or to any, until a person has looked.

    One row for each domain; `released_at` says that it is over, and from when it is counted anew.
    """

    domain = models.CharField(max_length=255, unique=True)  # "*" for all
    reason = column(Halted)
    bad = models.PositiveIntegerField(default=0)
    mails = models.PositiveIntegerField(default=0)
    halted_at = models.DateTimeField(db_default=Now())
    released_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)  # when staff were written to

    objects = HaltQuerySet.as_manager()

    class Meta:
        permissions = [("steer", "Can let mail go on after complaints, bounces or a stop")]
        constraints = [known("reason", Halted)]

    def __str__(self) -> str:
        return f"{self.domain}: {self.reason}"
