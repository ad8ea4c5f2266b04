"""Rows that are read by the thousand."""

from collections.abc import Collection
from typing import Any, Self

from django.db import models
from django.db.models.base import ModelState


class QuickToRead(models.Model):
    """What a row says goes straight into the instance: `Model.__init__` and its signals take ten
    times as long, for each row and each row that is joined to it. Nothing listens to them here.
    """

    class Meta:
        abstract = True

    @classmethod
    def from_db(  # type: ignore[override]  # the stubs know a later Django
        cls, db: str | None, field_names: Collection[str], values: Collection[Any]
    ) -> Self:
        row = cls.__new__(cls)
        row.__dict__.update(zip(field_names, values, strict=True))  # the others are deferred
        state = row._state = ModelState()  # noqa: SLF001 - as Django itself does
        state.adding = False
        state.db = db
        return row
