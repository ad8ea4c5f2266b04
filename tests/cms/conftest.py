from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings

from cms import sample
from cms.sample import Loaded
from tests.cms import samples


@pytest.fixture(autouse=True)
def _own_media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files with two exercises, of which one leads to the other."""
    return samples.write(tmp_path / "content", content=samples.pages(2), moves=samples.exercises(2))


@pytest.fixture
def loaded(db: None, folder: Path) -> Loaded:
    return sample.load(folder)


@pytest.fixture(scope="module")
def _kept(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Loaded, Path]]:
    """The content of `loaded`, in a transaction that lasts as long as the module."""
    folder = tmp_path_factory.mktemp("kept")
    files = samples.write(folder, content=samples.pages(2), moves=samples.exercises(2))
    media = folder / "media"
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=media), transaction.atomic():
        yield sample.load(files), media
        transaction.set_rollback(True)


@pytest.fixture
def kept(_kept: tuple[Loaded, Path], db: None, settings: Settings) -> Loaded:
    """As `loaded`, and much quicker: each test sees the same content and leaves no trace in it."""
    content, settings.MEDIA_ROOT = _kept
    return replace(
        content,
        home=fresh(content.home),
        exercises={slug: fresh(page) for slug, page in content.exercises.items()},
        diagnoses={slug: fresh(page) for slug, page in content.diagnoses.items()},
        articles={slug: fresh(page) for slug, page in content.articles.items()},
    )


def fresh(page: Any) -> Any:
    return type(page).objects.get(pk=page.pk)
