"""A `StrEnum` of the domain as a database column that accepts nothing else."""

from collections.abc import Iterable
from enum import StrEnum

from django.db import models


def column(kinds: type[StrEnum], **options: object) -> "models.CharField[str, str]":
    return models.CharField(max_length=30, choices=[(kind, kind) for kind in kinds], **options)  # type: ignore[arg-type]


def known(field: str, kinds: Iterable[StrEnum]) -> models.CheckConstraint:
    """The database's own refusal of a state that the code does not know."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__in": values(kinds)}), name=f"%(class)s_{field}_is_known"
    )


def values(kinds: Iterable[StrEnum]) -> list[str]:
    """Plain strings in a fixed order, so that constraints and indexes never change by chance."""
    return sorted(kind.value for kind in kinds)
