from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings
from wagtail.models import Site

from cms import sample
from cms.documents import working
from cms.sample import Loaded
from config.environment import BASE_DIR
from tests.cms import samples


@pytest.fixture(autouse=True)
def _own_media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(scope="module")
def _compiled(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Loaded, Path]]:
    """Two exercises, of which one leads to the other, and what else belongs to a site. In a
    transaction that lasts as long as the module."""
    folder = tmp_path_factory.mktemp("kept")
    files = samples.write(folder, content=samples.pages(2), moves=samples.exercises(2))
    media = folder / "media"
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=media), transaction.atomic():
        Site.clear_site_root_paths_cache()
        loaded = sample.load(files)
        working.repair()
        yield loaded, media
        transaction.set_rollback(True)


@pytest.fixture
def compiled(_compiled: tuple[Loaded, Path], db: None, settings: Settings) -> Loaded:
    """The content, and everything that the background has to do for it done. Each test sees the
    same and leaves no trace in it."""
    content, settings.MEDIA_ROOT = _compiled
    return replace(
        content,
        home=fresh(content.home),
        region=fresh(content.region),
        exercises={slug: fresh(page) for slug, page in content.exercises.items()},
        diagnoses={slug: fresh(page) for slug, page in content.diagnoses.items()},
        articles={slug: fresh(page) for slug, page in content.articles.items()},
    )


def fresh(page: Any) -> Any:
    return type(page).objects.get(pk=page.pk)


@pytest.fixture
def whole_sample(db: None) -> Loaded:
    """The sample that we ship."""
    loaded = sample.load(BASE_DIR / "examples" / "si_joint")
    working.repair()
    return loaded
