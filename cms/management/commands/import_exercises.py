from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cms.admin import transfer_files, transfer_plan
from cms.models import ExerciseIndexPage


class Command(BaseCommand):
    help = "Show what a file of exercises would do. With --commit, do it: drafts, all or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="ends in .csv or .json")
        parser.add_argument("--commit", action="store_true", help="write; else only show")
        parser.add_argument(
            "--into", help="the slug of the list of exercises, if there are several"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        lines = self.read(options["file"])
        index = self.index(options["into"])
        plan = transfer_plan.run(lines, index, user=None, commit=options["commit"])
        for item in plan.items:
            columns = f" ({', '.join(item.columns)})" if item.verdict == "changed" else ""
            self.stdout.write(f"row {item.line.number}: {item.line.slug}: {item.verdict}{columns}")
            for fault in item.faults:
                self.stdout.write(f"row {item.line.number}: {fault.column}: {fault.message}")
        if not plan.faultless:
            raise CommandError("Nothing was imported. Correct the file.")
        self.stdout.write(
            "Imported as drafts." if plan.done else "Dry run. Add --commit to import."
        )

    def read(self, file: Path) -> list[transfer_files.Line]:
        form = file.suffix.removeprefix(".")
        if form not in transfer_files.FORMS:
            raise CommandError("Name a file that ends in .csv or .json.")
        try:
            return transfer_files.read(file.read_bytes(), form)
        except (OSError, transfer_files.FileFault) as error:
            raise CommandError(f"{file}: {error}") from None

    def index(self, slug: str | None) -> ExerciseIndexPage:
        found = ExerciseIndexPage.objects.filter(**{"slug": slug} if slug else {})
        if len(found) != 1:
            slugs = ", ".join(ExerciseIndexPage.objects.values_list("slug", flat=True))
            raise CommandError(
                f"Name the list of exercises with --into; there are: {slugs or 'none'}"
            )
        index: ExerciseIndexPage = found[0]
        return index
