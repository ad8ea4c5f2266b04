import uuid

from django.db import models


class Erasure(models.Model):
    """That somebody was erased: a keyed hash and counts, and nothing that was theirs."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    address_hash = models.CharField(max_length=64, db_index=True)
    erased_at = models.DateTimeField()
    counts = models.JSONField(default=dict)  # rows removed, by kind
    remains = models.JSONField(default=dict)  # where the address was still found; empty is right

    def __str__(self) -> str:
        return f"erasure {self.public_id}"
