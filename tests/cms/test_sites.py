import pytest
from pytest_django import Settings
from wagtail.models import Site

from cms import sites


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://care.example.org", ("care.example.org", 443)),
        ("http://localhost", ("localhost", 80)),
        ("http://localhost:8000", ("localhost", 8000)),
    ],
)
def test_the_default_site_has_the_address_of_the_installation(
    db: None, settings: Settings, url: str, address: tuple[str, int]
) -> None:
    settings.SITE_URL = url

    sites.follow_settings()

    site = Site.objects.get(is_default_site=True)
    assert (site.hostname, site.port) == address


def test_without_a_site_there_is_nothing_to_do(db: None) -> None:
    Site.objects.all().delete()

    sites.follow_settings()

    assert not Site.objects.exists()


def test_migrating_is_enough_for_it(db: None, settings: Settings) -> None:
    """The test database was only migrated."""
    assert Site.objects.get().root_url == settings.SITE_URL
