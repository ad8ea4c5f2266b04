"""The root of the site, in place of Wagtail's "Welcome" page."""

from wagtail.models import Page, Site

from cms import sites
from cms.models import HomePage

SLUG = "home"


def find_home() -> HomePage | None:
    """The home page of the default site, or one that stands in the right place already."""
    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    if site is not None and isinstance(site.root_page.specific, HomePage):
        return site.root_page.specific
    home: HomePage | None = HomePage.objects.child_of(root()).filter(slug=SLUG).first()
    return home


def root() -> Page:
    return Page.get_first_root_node()


def clear_the_place() -> None:
    """Wagtail's "Welcome" page has our slug; it goes as soon as the site has its own root."""
    for page in root().get_children().filter(slug=SLUG):
        page.slug = "welcome"
        page.save()


def point_at(home: HomePage) -> None:
    """Let the default site begin at `home`, under the address of the installation."""
    hostname, port = sites.host_and_port()
    wanted = {"hostname": hostname, "port": port, "site_name": home.title}
    site = Site.objects.filter(is_default_site=True).first() or Site(is_default_site=True)
    former = site.root_page if site.root_page_id else None
    changed = [name for name, value in wanted.items() if getattr(site, name) != value]
    if changed or site.root_page_id != home.pk:
        for name in changed:
            setattr(site, name, wanted[name])
        site.root_page = home
        site.save()
    if former is not None and former.pk != home.pk:
        _remove_if_bare(former)


def _remove_if_bare(page: Page) -> None:
    """A plain page without children has nothing that anyone wrote: it is Wagtail's own."""
    if page.specific_class is Page and not page.get_children().exists():
        page.delete()
