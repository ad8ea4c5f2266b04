"""What answers tell browsers to forbid."""

import subprocess
import sys
from os import environ

import pytest
from django.test import Client

from tests.factories import home_page

pytestmark = pytest.mark.django_db

# As an installation behind https starts; in a process of its own, since settings are read once.
LOOK = """
import django; django.setup()
from django.conf import settings
from django.http import HttpResponse
from django.middleware.security import SecurityMiddleware
from django.test import RequestFactory
door = SecurityMiddleware(lambda request: HttpResponse())
host = {"host": "care.example.org"}
print(door(RequestFactory().get("/", secure=True, headers=host))["Strict-Transport-Security"])
print(door(RequestFactory().get("/", headers=host))["Location"])
print(settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
print(settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY)
"""


@pytest.mark.parametrize(
    "path", ["/signup/", "/signup/done/", "/search/", "/u/x/", "/no-such-page/"]
)
def test_a_page_runs_and_loads_nothing_that_is_not_ours(client: Client, path: str) -> None:
    home_page()

    headers = client.get(path).headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src" not in policy  # so scripts are ours, and never inline
    for part in ("object-src 'none'", "frame-ancestors 'self'", "form-action 'self'"):
        assert part in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/admin/login/", "/api/v1/signup/"])
def test_nobody_else_frames_the_admin_or_the_api(client: Client, path: str) -> None:
    headers = client.get(path).headers

    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_with_https_browsers_are_told_to_stay_there() -> None:
    told = subprocess.run(
        [sys.executable, "-c", LOOK],
        env={
            **environ,
            "SITE_URL": "https://care.example.org",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEBUG": "",
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()

    assert told == [
        "max-age=31536000; includeSubDomains; preload",
        "https://care.example.org/",
        "__Host-session __Host-csrf",
        "True True True",
    ]
