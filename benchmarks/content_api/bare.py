"""A project with no middleware at all: a plain view is as fast as it can be."""

from benchmarks.content_api.settings import *  # noqa: F403

MIDDLEWARE: list[str] = []
