from pathlib import Path

import pytest
from pytest_django import Settings

from cms import sample
from cms.documents import working
from cms.sample import Loaded
from config.environment import BASE_DIR
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


@pytest.fixture
def compiled(loaded: Loaded) -> Loaded:
    """The content, and everything that the background has to do for it done."""
    working.repair()
    return loaded


@pytest.fixture
def whole_sample(db: None) -> Loaded:
    """The sample that we ship."""
    loaded = sample.load(BASE_DIR / "examples" / "si_joint")
    working.repair()
    return loaded
