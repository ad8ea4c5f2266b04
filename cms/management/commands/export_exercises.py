import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cms.admin import transfer_files, transfer_plan
from cms.models import ExercisePage


class Command(BaseCommand):
    help = "Write all exercises, in their latest drafts, as CSV or JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="ends in .csv or .json; - is CSV on stdout")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        form = "csv" if str(file) == "-" else file.suffix.removeprefix(".")
        if form not in transfer_files.FORMS:
            raise CommandError("Name a file that ends in .csv or .json.")
        content = transfer_files.write(
            transfer_plan.rows(ExercisePage.objects.order_by("title")), form
        )
        if str(file) == "-":
            sys.stdout.buffer.write(content)
        else:
            file.write_bytes(content)
