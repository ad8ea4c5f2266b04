"""What every template may show about the practice."""

from django.conf import settings
from django.http import HttpRequest


def practice(_request: HttpRequest) -> dict[str, str]:
    return {
        "practice_name": settings.PRACTICE_NAME,
        "practice_address": settings.PRACTICE_ADDRESS,
        "site_url": settings.SITE_URL,
    }
