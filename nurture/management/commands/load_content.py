from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from cms import sample as pages
from nurture import sample as sequences


class Command(BaseCommand):
    help = "Load the sample content: pages, pictures and sequences. A second run changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder", nargs="?", type=Path, default=settings.BASE_DIR / "examples" / "si_joint"
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["folder"]
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder")
        try:
            loaded = pages.load(folder)
            published = load_sequences(folder)
            for language in loaded.translations:
                published += load_sequences(folder / language, language=language)
        except (pages.SampleError, sequences.SampleError) as error:
            raise CommandError(str(error)) from error
        counts = ", ".join(f"{count} {what}" for what, count in sorted(loaded.counts.items()))
        self.stdout.write(f"pages: {counts}; sequences published: {published}")


def load_sequences(folder: Path, *, language: str = settings.LANGUAGE_CODE) -> int:
    """Those of one language; a translation may have none. How many were published."""
    sequences_here = folder / "sequences"
    if language != settings.LANGUAGE_CODE and not sequences_here.is_dir():
        return 0
    notice = yaml.safe_load((folder / "pages.yaml").read_text()).get("notice", "")
    return sequences.load(sequences_here, notice=notice, language=language)
