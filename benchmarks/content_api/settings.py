"""The installation, with the contestants beside it."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS

ROOT_URLCONF = "benchmarks.content_api.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "wagtail.api.v3"]
API_LIMIT_ANONYMOUS = 1_000_000_000  # counted, and never reached
LOGGING = None
