"""The one place that reads the environment.

`load()` gives typed values or ends the process with one line per fault, so that a wrong
setting is found at the start and not in the middle of somebody's programme.
"""

import json
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from nurture.domain import dkim_keys
from nurture.domain.dkim_keys import Signer
from nurture.domain.hosts import is_loopback, is_near
from nurture.domain.provider import Provider, safe_url

BASE_DIR = Path(__file__).resolve().parent.parent
MINIMUM_KEY_LENGTH = 32
ONLY_PROVIDER = "relay"  # the name of the one in SMTP_URL
# What the interface speaks and pages are written in, each by its own name for itself.
LANGUAGES = {"en-us": "English", "es": "Español"}

Key = Annotated[str, Field(min_length=MINIMUM_KEY_LENGTH)]
Keys = Annotated[list[Key], NoDecode, Field(min_length=1)]
Hosts = Annotated[list[str], NoDecode]
Rates = Annotated[dict[str, Annotated[float, Field(gt=0)]], NoDecode]
Bounds = Annotated[dict[str, Annotated[int, Field(ge=1)]], NoDecode]
Plans = Annotated[dict[str, Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d(/\d+)+$")]], NoDecode]
Percent = Annotated[float, Field(ge=0, le=100)]
KEEP_DAYS = Field(ge=14)


class Environment(BaseSettings):
    """Every setting that an installation gives. `docs/operations.md` explains each one."""

    model_config = SettingsConfigDict(case_sensitive=True, env_ignore_empty=True, extra="ignore")

    SECRET_KEY: Annotated[str, Field(min_length=50)]
    LINK_KEYS: Keys
    SUPPRESSION_KEY: Key
    DATABASE_URL: str
    REDIS_URL: str
    SITE_URL: str
    MAIL_FROM: str
    PRACTICE_NAME: str
    PRACTICE_ADDRESS: str

    ADDITIONAL_HOSTS: Hosts = []
    API_MAX_AGE: Annotated[int, Field(ge=0)] = 0
    API_SHARED_MAX_AGE: Annotated[int, Field(ge=0)] = 60
    API_STALE_WHILE_REVALIDATE: Annotated[int, Field(ge=0)] = 60
    CACHE_URL: str = ""
    API_SURROGATE_HEADER: Literal["", "Cache-Tag", "Surrogate-Key", "xkey"] = ""
    API_LIMIT_ANONYMOUS: Annotated[int, Field(ge=0)] = 1_200
    API_LIMIT_HIGHER: Annotated[int, Field(ge=0)] = 12_000
    API_LIMIT_TOKEN: Annotated[int, Field(ge=0)] = 2_400
    BOUNCE_ADDRESS: str = ""
    BOUNCE_MAILBOX_URL: str = ""
    DEBUG: bool = False
    DKIM_DOMAIN: Annotated[str, Field(pattern=r"^([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+$|^$")] = ""
    DKIM_KEY: str = ""
    DKIM_KEY_FILE: Path | None = None
    DKIM_SELECTOR: Annotated[str, Field(pattern=r"^([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+$|^$")] = ""
    EVENT_DAYS: Annotated[int, KEEP_DAYS] = 90
    EMERGENCY_NUMBERS: str = "911 (North America), 112 (Europe)"
    ERASURE_LOG: Path = BASE_DIR / "var" / "erasures.log"
    HEADLESS_CLIENT_URL: str = ""
    HEADLESS_PREVIEW_PATH: Annotated[str, Field(pattern=r"^/[\w./-]*$")] = "/preview/"
    LANGUAGE_CODE: str = "en-us"
    LOG_LEVEL: str = "INFO"
    MAIL_WEBHOOKS: Annotated[dict[str, str], NoDecode] = {}
    MEASURE_CLICKS: bool = False
    MEDIA_ROOT: Path = BASE_DIR / "var" / "media"
    MESSAGE_DAYS: Annotated[int, KEEP_DAYS] = 730
    PRACTICE_PHONE: str = ""
    SIGNUP_BEYOND_ASCII: bool = False
    SIGNUP_CHECK_DOMAIN: bool = False
    SIGNUP_LIMIT_NETWORK: Annotated[int, Field(ge=1)] = 30
    SIGNUP_LIMIT_SITE: Annotated[int, Field(ge=1)] = 1_000
    SIGNUP_MINIMUM_SECONDS: Annotated[float, Field(ge=0, le=60)] = 2
    SIGNUP_ORIGINS: Hosts = []
    SIGNUP_REFUSE_DISPOSABLE: bool = False
    STAFF_ADDRESS: str = ""
    # Before what names a provider.
    MAIL_PROVIDERS: Annotated[list[Provider], NoDecode] = []
    MAIL_BOUNCE_PERCENT: Percent = 5
    MAIL_COMPLAINT_PERCENT: Percent = 0.3
    MAIL_CONCURRENCY: Bounds = {}
    MAIL_FAILOVER_MINUTES: Annotated[int, Field(ge=0)] = 15
    MAIL_RATES: Rates = {}
    MAIL_WARM_UP: Plans = {}
    PROVIDER_TEXT_DAYS: Annotated[int, Field(ge=1)] = 14
    PREVIEW_MINUTES: Annotated[int, Field(ge=1, le=24 * 60)] = 60
    SMTP_CONNECTIONS: Annotated[int, Field(ge=1, le=256)] = 32
    SMTP_URL: str = Field("", validate_default=True)
    STATIC_ROOT: Path = BASE_DIR / "var" / "static"
    TIME_ZONE: str = "UTC"
    TRUST_FORWARDED_PROTO: bool = False
    UNCONFIRMED_DAYS: Annotated[int, KEEP_DAYS] = 30
    TRUSTED_PROXIES: Annotated[int, Field(ge=0, le=9)] = 0
    WEBHOOK_INTERNAL_HOSTS: Hosts = []
    WEBHOOK_LOG_DAYS: Annotated[int, Field(ge=2)] = 30
    WEBHOOK_PATIENCE_DAYS: Annotated[int, Field(ge=1)] = 5
    WEBHOOK_TELLS_DIAGNOSIS: bool = False

    @field_validator(
        "LINK_KEYS", "ADDITIONAL_HOSTS", "SIGNUP_ORIGINS", "WEBHOOK_INTERNAL_HOSTS", mode="before"
    )
    @classmethod
    def split_commas(cls, value: object) -> object:
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value

    @field_validator("MAIL_RATES", "MAIL_CONCURRENCY", "MAIL_WARM_UP", mode="before")
    @classmethod
    def rates_are_named(cls, value: object) -> object:
        """`*=50, gmail.com=10`: something for all and for one domain."""
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        if not all(name.strip() and rate.strip() for name, _equals, rate in pairs):
            raise ValueError("use name=value, for example *=50,gmail.com=10")
        return {name.strip().lower(): rate.strip() for name, _equals, rate in pairs}

    @field_validator("MAIL_RATES", "MAIL_CONCURRENCY", "MAIL_WARM_UP")
    @classmethod
    def bounds_are_of_somebody(cls, value: dict[str, Any], given: ValidationInfo) -> dict[str, Any]:
        providers: list[Provider] = given.data.get("MAIL_PROVIDERS", [])
        known = {provider.name for provider in providers} or {ONLY_PROVIDER}
        unknown = {name for name in value if "." not in name} - known - {"*"}
        if unknown and "MAIL_PROVIDERS" in given.data:
            raise ValueError(
                f"{', '.join(sorted(unknown))} is no domain and no provider; use *, a domain, "
                f"or one of: {', '.join(sorted(known))}"
            )
        return value

    @field_validator("SITE_URL")
    @classmethod
    def site_is_encrypted_or_local(cls, value: str) -> str:
        url = urlsplit(value)
        if url.scheme not in {"http", "https"} or not url.hostname or url.path.strip("/"):
            raise ValueError("give scheme and host only, for example https://care.example.org")
        if url.scheme == "http" and not is_loopback(url.hostname):
            raise ValueError("http:// is only for this machine; use https://")
        return value.rstrip("/")

    @field_validator("HEADLESS_CLIENT_URL")
    @classmethod
    def front_end_is_an_origin(cls, value: str) -> str:
        return cls.site_is_encrypted_or_local(value) if value else value

    @field_validator("ADDITIONAL_HOSTS")
    @classmethod
    def hosts_are_named(cls, value: list[str]) -> list[str]:
        if "*" in value:
            raise ValueError("name each host; * lets anyone put their own address into our links")
        return value

    @field_validator("MAIL_PROVIDERS", "MAIL_WEBHOOKS", mode="before")
    @classmethod
    def is_json(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise ValueError(f"is not JSON: {error}") from None

    @field_validator("MAIL_PROVIDERS")
    @classmethod
    def providers_have_names_of_their_own(cls, value: list[Provider]) -> list[Provider]:
        names = [provider.name for provider in value]
        if len(set(names)) < len(names):
            raise ValueError("each provider needs a name of its own")
        return value

    @field_validator("SMTP_URL")
    @classmethod
    def mail_has_a_way_out(cls, value: str, given: ValidationInfo) -> str:
        if value or given.data.get("MAIL_PROVIDERS"):
            return safe_url(value) if value else value
        raise ValueError("is not set; see docs/operations.md")

    @field_validator("DATABASE_URL")
    @classmethod
    def database_is_postgresql(cls, value: str) -> str:
        if urlsplit(value).scheme not in {"postgres", "postgresql"}:
            raise ValueError("Rehabit needs PostgreSQL: postgresql://user:password@host/name")
        return value

    @field_validator("REDIS_URL")
    @classmethod
    def broker_is_redis(cls, value: str) -> str:
        if urlsplit(value).scheme not in {"redis", "rediss"}:
            raise ValueError("use redis://host:port/0 or rediss://")
        return value

    @field_validator("MAIL_FROM")
    @classmethod
    def sender_has_an_address(cls, value: str) -> str:
        if "@" not in value or any(character in value for character in "\r\n"):
            raise ValueError("use one line such as: Larkfield <hello@care.example.org>")
        return value

    @field_validator("STAFF_ADDRESS", "BOUNCE_ADDRESS")
    @classmethod
    def is_one_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"[^\s@,;<>]{1,24}@[^\s@,;<>]+", value):
            raise ValueError("use one plain address, at most 24 characters before the @")
        return value

    @field_validator("SIGNUP_ORIGINS")
    @classmethod
    def origins_are_exact(cls, value: list[str]) -> list[str]:
        for origin in value:
            url = urlsplit(origin)
            exact = url.hostname and f"{url.scheme}://{url.netloc}" == origin and "*" not in origin
            if not exact or url.scheme not in {"http", "https"}:
                raise ValueError("name each origin, for example https://www.example.org")
        return value

    @field_validator("BOUNCE_MAILBOX_URL")
    @classmethod
    def mailbox_is_encrypted_or_near(cls, value: str) -> str:
        url = urlsplit(value)
        if value and (url.scheme not in {"imap", "imaps"} or not url.hostname or not url.username):
            raise ValueError("use imaps://user:password@host/INBOX")
        if url.scheme == "imap" and not is_near(url.hostname or ""):
            raise ValueError("imap:// is not encrypted and only for a server beside this one")
        return value

    @field_validator("MAIL_WEBHOOKS")
    @classmethod
    def webhooks_have_a_secret(cls, value: dict[str, str]) -> dict[str, str]:
        secret = value.get("WEBHOOK_SECRET", "")
        if value and (":" not in secret or len(secret) < MINIMUM_KEY_LENGTH):
            raise ValueError(
                "needs WEBHOOK_SECRET, user:password of 32 characters or more, besides the "
                "signing keys that anymail documents for the provider"
            )
        return value

    @field_validator("LANGUAGE_CODE")
    @classmethod
    def language_is_ours(cls, value: str) -> str:
        if value not in LANGUAGES:
            raise ValueError(f"use one of: {', '.join(LANGUAGES)}")
        return value

    @field_validator("TIME_ZONE")
    @classmethod
    def zone_is_known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("use an IANA name such as America/New_York")
        return ZoneInfo(value).key

    @model_validator(mode="after")
    def debug_stays_at_home(self) -> "Environment":
        if self.DEBUG and not is_loopback(urlsplit(self.SITE_URL).hostname or ""):
            raise ValueError("DEBUG shows secrets to visitors; it is only for this machine")
        return self

    @model_validator(mode="after")
    def signing_is_whole(self) -> "Environment":
        key = bool(self.DKIM_KEY) + bool(self.DKIM_KEY_FILE)
        if any((self.DKIM_DOMAIN, self.DKIM_SELECTOR, key)) and self.signer is None:
            raise ValueError(
                "DKIM needs DKIM_DOMAIN, DKIM_SELECTOR and one of DKIM_KEY_FILE and DKIM_KEY"
            )
        return self

    @cached_property
    def signer(self) -> Signer | None:
        """What signs our mails, if anything does. Raises `ValueError`."""
        if not (self.DKIM_DOMAIN and self.DKIM_SELECTOR):
            return None
        if bool(self.DKIM_KEY) == bool(self.DKIM_KEY_FILE):
            return None
        name = "DKIM_KEY_FILE" if self.DKIM_KEY_FILE else "DKIM_KEY"
        try:
            key = (
                self.DKIM_KEY_FILE.read_text(errors="replace")
                if self.DKIM_KEY_FILE
                else self.DKIM_KEY
            )
            key = key.replace("\\n", "\n")  # as some shells and panels keep several lines
            return dkim_keys.signer(
                domain=self.DKIM_DOMAIN.lower(), selector=self.DKIM_SELECTOR, key=key
            )
        except OSError as error:
            raise ValueError(f"{name} cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise ValueError(f"{name} {error}") from None

    @property
    def providers(self) -> tuple[Provider, ...]:
        """All ways out, the first choice first."""
        return tuple(self.MAIL_PROVIDERS) or (Provider(name=ONLY_PROVIDER, url=self.SMTP_URL),)


def load() -> Environment:
    """Read the environment. Ends the process with one line per fault if it is not usable."""
    try:
        return Environment()
    except ValidationError as error:
        raise SystemExit("\n".join(explain(error))) from None


def explain(error: ValidationError) -> list[str]:
    """One line per fault; the values themselves never show, since most are secrets."""
    lines = []
    for fault in error.errors(include_input=False, include_url=False):
        name, *inside = fault["loc"] or ("settings",)
        reason = place(inside) + fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "missing" and not inside:
            reason = "is not set; see docs/operations.md"
        lines.append(f"{name}: {reason}")
    return lines


def place(inside: list[int | str]) -> str:
    """Where within a setting of several parts: "entry 2, url: "."""
    if not any(isinstance(part, str) for part in inside):
        return ""
    words = (f"entry {part + 1}" if isinstance(part, int) else part for part in inside)
    return f"{', '.join(words)}: "
