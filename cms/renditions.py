"""Photos in the formats and sizes that pages offer, made in the background.

Making them takes seconds, so no reader waits for it: a page shows a photo in its own format until
its better versions are there. `make` is safe to repeat and to interrupt.
"""

import logging
from collections.abc import Iterator

from cms.models import ClinicianPage, Picture

AT_ONCE = 20  # photos in one round; the rest comes with the next

log = logging.getLogger(__name__)


def make(*, limit: int = AT_ONCE) -> int:
    """Make what is missing, of `limit` photos at most. How many photos gained something."""
    made = 0
    for picture, specs in missing():
        if made == limit:
            break
        try:
            picture.get_renditions(*specs)
        except OSError:
            log.warning("picture %s: its file cannot be read", picture.pk)
            continue
        made += 1
    return made


def missing() -> Iterator[tuple[Picture, list[str]]]:
    """Photos and what each of them lacks, the newest first."""
    portraits = set(ClinicianPage.objects.exclude(photo=None).values_list("photo", flat=True))
    photos = Picture.objects.exclude(file__iendswith=".svg").prefetch_related("renditions")
    for photo in photos.order_by("-pk").iterator(chunk_size=200):
        shapes = ["whole", "square"] if photo.pk in portraits else ["whole"]
        wanted = [spec for s in shapes for spec in (*photo.specs(s), photo.fallback(s))]
        lacking = [spec for spec in wanted if not photo.has(spec)]
        if lacking:
            yield photo, lacking
