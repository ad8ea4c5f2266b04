"""What is not wrong in the settings, and yet not good."""

from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags

from nurture.domain.dkim_keys import GOOD_BITS, Signer


def register() -> None:
    checks.register(mail_is_signed_well, Tags.security)


def mail_is_signed_well(**_options: Any) -> list[CheckMessage]:
    signer: Signer | None = settings.MAIL_SIGNER
    if signer is None:
        return []
    hints: list[CheckMessage] = []
    if signer.is_weak:
        hints.append(
            checks.Warning(f"The DKIM key has less than {GOOD_BITS} bits.", id="nurture.W001")
        )
    domain = settings.MAIL_DOMAIN.lower()
    if domain != signer.domain and not domain.endswith(f".{signer.domain}"):
        hints.append(
            checks.Warning(
                f"Mails come from {domain} and are signed by {signer.domain}.",
                hint="Receivers that follow DMARC want both to belong together.",
                id="nurture.W002",
            )
        )
    return hints
