"""Drawings as pictures. A picture is known by its title and its author."""

from hashlib import sha1
from pathlib import Path

from django.core.files.images import ImageFile

from cms.models import Picture

AUTHOR = "Rehabit"
LICENCE = "CC BY 4.0"


def ensure(path: Path, *, title: str, description: str) -> Picture:
    """The picture with this title, with the content of the file at `path`."""
    picture = Picture.objects.filter(title=title, author=AUTHOR).order_by("pk").first()
    picture = picture or Picture(title=title, author=AUTHOR)
    wanted = {"description": description, "licence": LICENCE}
    changed = [name for name, value in wanted.items() if getattr(picture, name) != value]
    for name in changed:
        setattr(picture, name, wanted[name])
    new_file = picture.pk is None or _fingerprint(path) != picture.get_file_hash()
    if new_file:
        _replace(picture, path)
    if changed or new_file:
        picture.save()
    return picture


def _fingerprint(path: Path) -> str:
    """As Wagtail computes `file_hash`; it tells changes, it does not protect."""
    return sha1(path.read_bytes(), usedforsecurity=False).hexdigest()


def _replace(picture: Picture, path: Path) -> None:
    if picture.pk:
        picture.renditions.all().delete()
    with path.open("rb") as file:
        picture.file.save(path.name, ImageFile(file, name=path.name), save=False)
    picture.file_size = path.stat().st_size
    picture.file_hash = _fingerprint(path)
