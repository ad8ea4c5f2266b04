import uuid
from zoneinfo import ZoneInfo

from django.db import models

from nurture.domain import addresses
from nurture.domain.states import ConsentAction
from nurture.models.choices import column, known


class Subscriber(models.Model):
    """A person who may get mail. Logs and links know them by `public_id` only."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    address = models.EmailField(max_length=254)
    canonical_address = models.CharField(max_length=254, unique=True, editable=False)
    first_name = models.CharField(max_length=80, blank=True)
    time_zone = models.CharField(max_length=64)
    language = models.CharField(max_length=12)
    consent = column(ConsentAction, default=ConsentAction.REQUESTED)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [known("consent", ConsentAction)]

    def __str__(self) -> str:
        return f"subscriber {self.public_id}"

    def save(self, *args: object, **kwargs: object) -> None:
        self.canonical_address = addresses.canonical(self.address)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)
