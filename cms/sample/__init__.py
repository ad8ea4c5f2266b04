"""Content from files: read, check, and publish what changed."""

from pathlib import Path

from django.db import transaction

from cms.sample import files, tree
from cms.sample.files import SampleError
from cms.sample.tree import Loaded

__all__ = ["Loaded", "SampleError", "load"]


def load(folder: Path) -> Loaded:
    """Bring the pages to what the files in `folder` say, in one transaction.

    A folder below that is named as a language, such as `es`, holds what is translated into it.
    What is the same stays untouched, without a new revision; pages that the files do not name are
    never touched; a page that an editor unpublished stays so until its content changes.
    Raises SampleError with the file and the place.
    """
    content = files.read(folder)
    translations = list(files.read_translations(folder))
    with transaction.atomic():
        loaded = tree.build(content)
        for translation in translations:
            loaded.translations[translation.language] = tree.translate(translation, loaded)
    return loaded
