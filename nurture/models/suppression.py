from django.conf import settings
from django.db import models

from nurture.domain import addresses
from nurture.domain.states import Suppressed
from nurture.models.choices import column, known


def address_hash(address: str) -> str:
    """How an address is remembered when it may not be kept."""
    return addresses.keyed_hash(address, key=settings.SUPPRESSION_KEY)


class Suppression(models.Model):
    """Never mail this address again. It outlives the person's data, as a keyed hash."""

    address_hash = models.CharField(max_length=64)
    reason = column(Suppressed)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            known("reason", Suppressed),
            models.UniqueConstraint(
                fields=["address_hash", "reason"], name="suppressed_once_per_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.address_hash[:8]}"
