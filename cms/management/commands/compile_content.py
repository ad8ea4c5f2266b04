from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms.documents import changes, working


class Command(BaseCommand):
    help = "Make the documents of the content API that are outdated or missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="compile every page and compare, so that nothing that is not right stays",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only say how many there are; fail if any"
        )

    def handle(self, *args: Any, check: bool, dry_run: bool, **options: Any) -> None:
        if dry_run:
            found = working.strays() | (set(working.differing()) if check else set())
            if found:
                raise CommandError(f"{len(found)} pages have documents that are not right")
        changes.number()
        self.stdout.write(f"{working.repair(deep=check)} pages compiled")
