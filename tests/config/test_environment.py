"""A wrong setting ends the start with one line that says which one and what to do."""

import os
import subprocess
import sys

import pytest


def start(**changes: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check` in a process of its own; an empty value means "not set"."""
    environment = {**os.environ, **changes}
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        env={name: value for name, value in environment.items() if value},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SECRET_KEY", "", "SECRET_KEY: is not set; see docs/operations.md"),
        ("SECRET_KEY", "short", "SECRET_KEY: String should have at least 50 characters"),
        ("LINK_KEYS", "a,b", "LINK_KEYS: String should have at least 32 characters"),
        ("SITE_URL", "http://care.example.org", "SITE_URL: http:// is only for this machine"),
        ("SMTP_URL", "smtp://relay.example.org", "SMTP_URL: smtp:// is not encrypted"),
        ("SMTP_URL", "", "SMTP_URL: is not set; see docs/operations.md"),
        ("MAIL_PROVIDERS", "[{", "MAIL_PROVIDERS: is not JSON: Expecting"),
        (
            "MAIL_PROVIDERS",
            '[{"url": "smtps://a.example"}]',
            "MAIL_PROVIDERS: entry 1, name",
        ),
        (
            "MAIL_PROVIDERS",
            '[{"name": "ours", "url": "smtp://relay.example.org"}]',
            "MAIL_PROVIDERS: entry 1, url: smtp:// is not encrypted",
        ),
        (
            "MAIL_PROVIDERS",
            '[{"name": "a", "url": "smtps://a.example"}, {"name": "a", "url": "smtps://b.example"}]',
            "MAIL_PROVIDERS: each provider needs a name of its own",
        ),
        (
            "MAIL_PROVIDERS",
            '[{"name": "a", "url": "anymail://postmrak"}]',
            "MAIL_PROVIDERS: entry 1, url: anymail:// takes one of: brevo, ",
        ),
        (
            "MAIL_RATES",
            "gmail.com=5, postmrak=9",
            "MAIL_RATES: postmrak is no domain and no provider; use *, a domain, or one of: relay",
        ),
        ("MAIL_WEBHOOKS", "no", "MAIL_WEBHOOKS: is not JSON"),
        ("DATABASE_URL", "sqlite:///x", "DATABASE_URL: Rehabit needs PostgreSQL"),
        ("REDIS_URL", "memory://", "REDIS_URL: use redis://"),
        ("ADDITIONAL_HOSTS", "*", "ADDITIONAL_HOSTS: name each host"),
        ("TIME_ZONE", "Mars/Olympus", "TIME_ZONE: use an IANA name"),
    ],
)
def test_the_start_is_refused_with_one_clear_line(name: str, value: str, told: str) -> None:
    started = start(**{name: value})

    assert started.returncode == 1
    assert [line for line in started.stderr.splitlines() if line.startswith(told)]
    assert "Traceback" not in started.stderr


def test_all_faults_are_told_at_once() -> None:
    started = start(SECRET_KEY="", MAIL_FROM="", SITE_URL="ftp://x")

    assert {line.partition(":")[0] for line in started.stderr.splitlines()} == {
        "SECRET_KEY",
        "MAIL_FROM",
        "SITE_URL",
    }


def test_a_secret_that_is_refused_is_not_shown() -> None:
    started = start(SECRET_KEY="hunter2")

    assert "hunter2" not in started.stdout + started.stderr


def test_debug_is_refused_away_from_home() -> None:
    started = start(DEBUG="1", SITE_URL="https://care.example.org")

    assert started.returncode == 1
    assert "DEBUG" in started.stderr


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"DKIM_SELECTOR": "s", "DKIM_KEY": "k"}, "settings: DKIM needs DKIM_DOMAIN"),
        (
            {"DKIM_DOMAIN": "a.example", "DKIM_SELECTOR": "s", "DKIM_KEY": "hush"},
            "settings: DKIM_KEY is no private key in PEM",
        ),
        (
            {"DKIM_DOMAIN": "a.example", "DKIM_SELECTOR": "s", "DKIM_KEY_FILE": "/hush"},
            "settings: DKIM_KEY_FILE cannot be read: No such file",
        ),
    ],
)
def test_half_a_signature_or_a_key_that_is_none_ends_the_start(
    given: dict[str, str], told: str
) -> None:
    started = start(**given)

    assert started.returncode != 0
    assert told in started.stderr
    assert "hush" not in started.stderr
