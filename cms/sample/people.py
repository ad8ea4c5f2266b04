"""The team, and the sources that the pages lean on. A source is known by its DOI."""

from collections import Counter
from collections.abc import Mapping

from wagtail.models import Page

from cms.models import Citation, ClinicianIndexPage, ClinicianPage, HomePage
from cms.sample import files, publishing


def team(
    pages: files.PagesFile,
    home: HomePage,
    counts: Counter[str],
    *,
    index: Page | None,
    originals: Mapping[str, Page],
) -> dict[str, ClinicianPage]:
    """By their names in the files. `index` and `originals` are what the pages translate."""
    if not pages.clinicians:
        return {}
    values = {"title": pages.team.title, "show_in_menus": True}
    page = publishing.find(ClinicianIndexPage, home, pages.team.slug, translates=index)
    page = publishing.publish(page, home, values, counts)
    return {
        clinician.key: _clinician(clinician, page, counts, originals)
        for clinician in pages.clinicians
    }


def index_of(home: HomePage) -> ClinicianIndexPage | None:
    found: ClinicianIndexPage | None = ClinicianIndexPage.objects.child_of(home).first()
    return found


def put_last(home: HomePage) -> None:
    """In the menu the team comes after what readers look for."""
    index = index_of(home)
    if index is not None and index.get_next_sibling() is not None:
        index.move(home, pos="last-child")


def _clinician(
    clinician: files.Clinician,
    index: ClinicianIndexPage,
    counts: Counter[str],
    originals: Mapping[str, Page],
) -> ClinicianPage:
    original = originals.get(clinician.key)
    page = publishing.find(ClinicianPage, index, clinician.slug, translates=original)
    values = clinician.model_dump(exclude={"slug", "translates", "name"})
    values["title"] = clinician.name
    return publishing.publish(page, index, values, counts)


def sources(pages: files.PagesFile) -> dict[str, int]:
    """The primary keys of the citations by the keys that the file gives them."""
    return {citation.key: _citation(citation).pk for citation in pages.citations}


def _citation(wanted: files.Citation) -> Citation:
    values = wanted.model_dump(exclude={"key", "supports", "doi"}) | {"pmid": wanted.pmid or None}
    citation = Citation.objects.filter(doi=wanted.doi.lower()).first() or Citation(doi=wanted.doi)
    if citation.pk is None or any(getattr(citation, k) != v for k, v in values.items()):
        for name, value in values.items():
            setattr(citation, name, value)
        citation.full_clean()
        citation.save()
    return citation
