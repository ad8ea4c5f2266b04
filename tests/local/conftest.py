"""Every test here gets a folder that PostgreSQL's own account can reach, and leaves no process."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from config.local import account


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not `tmp_path`: pytest closes that one to other accounts, and its name is long."""
    path = account.private_folder(purpose="tests of config.local") / uuid4().hex[:8]
    path.mkdir(mode=0o711)
    yield path
    shutil.rmtree(path)
