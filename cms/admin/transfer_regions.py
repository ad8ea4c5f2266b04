"""The regions of an exercise in a file: by their slugs."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from cms.admin.transfer_rows import Fault
from cms.models import ExerciseRegion, RegionPage


def slugs() -> dict[int, str]:
    return dict(RegionPage.objects.values_list("pk", "slug"))


def assign(page: Any, wanted: list[str]) -> Iterator[Fault]:
    """A region that stays keeps its row. Nothing is saved."""
    known: dict[str, list[int]] = {}
    regions = RegionPage.objects.filter(slug__in=wanted)
    if page.locale_id:
        regions = regions.filter(locale=page.locale_id)
    for key, slug in regions.values_list("pk", "slug"):
        known.setdefault(slug, []).append(key)
    faults = [*unclear(wanted, known)]
    if not faults:
        page.regions = rows(page, [known[slug][0] for slug in dict.fromkeys(wanted)])
    yield from faults


def unclear(wanted: list[str], known: dict[str, list[int]]) -> Iterator[Fault]:
    for slug in wanted:
        found = len(known.get(slug, ()))
        if not found:
            yield Fault("regions", _("there is no region with the slug %(s)s.") % {"s": slug})
        if found > 1:
            message = _("several regions have the slug %(s)s. Choose it in the editor.")
            yield Fault("regions", message % {"s": slug})


def rows(page: Any, keys: list[int]) -> list[ExerciseRegion]:
    before = {row.region_id: row for row in page.regions.all()}
    made = []
    for number, key in enumerate(keys):
        row = before.get(key) or ExerciseRegion(region_id=key)
        row.sort_order = number
        made.append(row)
    return made
