import json
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from nurture.domain.addresses import BadAddress
from nurture.story import Unknown, story


class Command(BaseCommand):
    help = "Print one person's whole story: consents, programmes, and every message with its why."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--json", action="store_true", help="for programs; times in UTC")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            told = story(options["email"])
        except (BadAddress, Unknown) as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(told, cls=DjangoJSONEncoder, indent=2))
        else:
            self.stdout.write("\n".join(lines(told)))


def lines(told: dict[str, Any]) -> Iterator[str]:
    zone = ZoneInfo(told["time_zone"])
    yield f"{told['address']}  {told['first_name']}  (times in {zone.key})"
    yield f"consent: {told['consent']}   suppressed: {', '.join(told['suppressed']) or 'no'}"
    for title in ("consents", "enrolments", "messages"):
        yield ""
        yield f"{title}:"
        rows = told[title]
        yield from (f"  {row_line(row, zone)}" for row in rows)
        if not rows:
            yield "  none"


def row_line(row: dict[str, Any], zone: ZoneInfo) -> str:
    return "  ".join(f"{name}={shown(value, zone)}" for name, value in row.items() if value != "")


def shown(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
    return "-" if value is None else str(value)
