import uuid
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from nurture.domain import addresses
from nurture.domain.states import ABOUT_MAIL, ConsentAction
from nurture.models.choices import column, known
from nurture.models.quick import QuickToRead


class Subscriber(QuickToRead):
    """A person who may get mail. Logs and links know them by `public_id` only."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    address = models.EmailField(max_length=254)
    canonical_address = models.CharField(max_length=254, unique=True, editable=False)
    first_name = models.CharField(max_length=80, blank=True)
    time_zone = models.CharField(max_length=64)
    language = models.CharField(max_length=12)
    # The person's own choice of when mail arrives; null leaves it to the sequence. Monday is 0.
    weekday = models.PositiveSmallIntegerField(null=True)
    hour = models.PositiveSmallIntegerField(null=True)
    # What programmes ask for: dates by name ({"birth": "2026-05-01"}), and what was declared.
    dates = models.JSONField(default=dict)
    tags = ArrayField(models.CharField(max_length=60), default=list)
    # Links of an older generation open nothing any more.
    link_generation = models.PositiveSmallIntegerField(default=1)
    consent = column(ConsentAction, default=ConsentAction.REQUESTED)
    # Whether the person has agreed that clicks in their mails are counted.
    measured = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            known("consent", ABOUT_MAIL),
            models.CheckConstraint(
                condition=(models.Q(weekday__isnull=True) | models.Q(weekday__lt=7))
                & (models.Q(hour__isnull=True) | models.Q(hour__lt=24)),
                name="own_time_exists",
            ),
        ]

    def __str__(self) -> str:
        return f"subscriber {self.public_id}"

    def save(self, *args: object, **kwargs: object) -> None:
        self.canonical_address = addresses.canonical(self.address)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def clicks_count(self) -> bool:
        """Whether both the practice and the person want clicks to be counted."""
        return bool(settings.MEASURE_CLICKS and self.measured)

    @property
    def zone(self) -> ZoneInfo:
        """The person's, or the practice's for a name that no zone has (any more)."""
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo(settings.TIME_ZONE)
