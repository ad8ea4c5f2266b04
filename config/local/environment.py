"""The environment of an installation that lives on this machine: for the demo and for tests."""

from hashlib import sha256
from pathlib import Path

PRACTICE = "Larkfield Physical Therapy"


def local_environment(
    *,
    database_url: str,
    redis_url: str,
    smtp_port: int,
    site_url: str,
    secret: str,
    media_root: Path,
    static_root: Path,
) -> dict[str, str]:
    """Everything that `config.environment` asks for. All keys come from `secret`, so one secret
    that stays the same keeps sessions and the links in old mails alive."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SITE_URL": site_url,
        "SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
        "SECRET_KEY": key("SECRET_KEY", secret=secret),
        "LINK_KEYS": key("LINK_KEYS", secret=secret),
        "SUPPRESSION_KEY": key("SUPPRESSION_KEY", secret=secret),
        "MAIL_FROM": f"{PRACTICE} <hello@larkfield.example>",
        "PRACTICE_NAME": PRACTICE,
        "PRACTICE_ADDRESS": "12 Larkfield Lane, Portland, OR 97209, USA",
        "SIGNUP_MINIMUM_SECONDS": "0",  # who tries it out has the form filled in at once
        "MEDIA_ROOT": str(media_root),
        "STATIC_ROOT": str(static_root),
    }


def key(name: str, *, secret: str) -> str:
    """64 characters that say nothing about `secret` or about the other keys."""
    return sha256(f"{name} from {secret}".encode()).hexdigest()
