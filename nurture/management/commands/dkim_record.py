"""What to publish in the DNS, so that receivers can check our signature."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from nurture.domain.dkim_keys import Signer


class Command(BaseCommand):
    help = "Print the DNS record for the key that mails are signed with (DKIM)."
    requires_system_checks = ()

    def handle(self, **_options: Any) -> None:
        signer: Signer | None = settings.MAIL_SIGNER
        if signer is None:
            raise CommandError("Mails are not signed: DKIM_DOMAIN is not set.")
        self.stdout.write(f"name:   {signer.record_name}")
        self.stdout.write("type:   TXT")
        self.stdout.write(f"value:  {signer.record}")
        strings = " ".join(f'"{string}"' for string in signer.record_strings)
        self.stdout.write(f"\nin a zone file:\n{signer.record_name}. IN TXT ( {strings} )")
