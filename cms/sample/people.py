"""The team, and the sources that the pages lean on. A source is known by its DOI."""

from collections import Counter

from cms.models import Citation, ClinicianIndexPage, ClinicianPage, HomePage
from cms.sample import files, publishing

TEAM_SLUG = "team"


def team(pages: files.PagesFile, home: HomePage, counts: Counter[str]) -> list[ClinicianPage]:
    if not pages.clinicians:
        return []
    index = publishing.find(ClinicianIndexPage, home, TEAM_SLUG)
    values = {"title": pages.team, "show_in_menus": True}
    index = publishing.publish(index, home, values, counts)
    return [_clinician(clinician, index, counts) for clinician in pages.clinicians]


def put_last(home: HomePage) -> None:
    """In the menu the team comes after what readers look for."""
    index = ClinicianIndexPage.objects.child_of(home).filter(slug=TEAM_SLUG).first()
    if index is not None and index.get_next_sibling() is not None:
        index.move(home, pos="last-child")


def _clinician(
    clinician: files.Clinician, index: ClinicianIndexPage, counts: Counter[str]
) -> ClinicianPage:
    page = publishing.find(ClinicianPage, index, clinician.slug)
    values = clinician.model_dump(exclude={"slug", "name"}) | {"title": clinician.name}
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
