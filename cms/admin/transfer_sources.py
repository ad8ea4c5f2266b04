"""Pictures and sources as a file names them: by number, title or hash, by DOI, PMID or address."""

import re
from typing import Any

from django.utils.translation import gettext as _

from cms.models import Citation, Picture
from cms.models.citations import bare

HASH = 12  # digits of a file's hash; enough to tell a practice's pictures apart
PICTURE = re.compile(
    rf"#(?P<number>\d+)(?: (?P<title>.*?))?(?: \(sha1 (?P<hash>[0-9a-f]{{{HASH}}})\))?"
)


class Unknown(LookupError):
    """What to do about a name that nothing, or too much, goes by."""


# ------------------------------------------------------------------ pictures


def picture_name(picture: Any) -> str:
    """Number, title and the hash of the file, which stays the same on another installation."""
    if picture is None:
        return ""
    name = f"#{picture.pk} {picture.title}"
    return f"{name} (sha1 {picture.file_hash[:HASH]})" if picture.file_hash else name


def picture(name: str) -> Any:
    """The picture that is called so: as exported, or by a title that only one has; None for no
    name. Raises Unknown."""
    if not name:
        return None
    numbered = PICTURE.fullmatch(name)
    found = (
        by_number(**numbered.groupdict()) if numbered else [*Picture.objects.filter(title=name)[:2]]
    )
    if len(found) == 1:
        return found[0]
    if found:
        raise Unknown(_("several pictures have this title. Write the number too, like #12."))
    text = _("no picture is called “%(name)s”. Upload it, then write its title.")
    raise Unknown(text % {"name": name})


def by_number(*, number: str, title: str | None, hash: str | None) -> list[Any]:  # noqa: A002
    """A number means something on its own installation only: title or file have to fit."""
    pictures = Picture.objects.filter(pk=number)
    named = list(pictures.filter(title=title) if title else pictures)
    if named or not hash:
        return named
    return list(Picture.objects.filter(file_hash__startswith=hash).order_by("pk")[:1])


# ------------------------------------------------------------------ sources


def citation_name(citation: Any) -> str:
    if citation.doi:
        return f"doi:{citation.doi}"
    return f"pmid:{citation.pmid}" if citation.pmid else str(citation.url)


def citation(name: str) -> Any:
    """The source with this DOI, PMID or web address. Raises Unknown."""
    plain = bare(name) or ""
    wanted = {"pmid": plain} if plain.isdecimal() else {"doi": plain.lower()}
    found = Citation.objects.filter(**wanted).first() or Citation.objects.filter(url=name).first()
    if found is None:
        text = _("there is no source “%(name)s”. Add it under Citations first.")
        raise Unknown(text % {"name": name})
    return found
