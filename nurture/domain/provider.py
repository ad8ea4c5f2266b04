"""Who takes our mail: one provider or more, the first that works first. Parsed and checked here."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from nurture.domain.hosts import is_near

SMTP_SCHEMES = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}  # and the port of each
ANYMAIL = "anymail"
# Those that django-anymail speaks to by HTTP, and that carry our id along, so that their reports
# find their mail. The others (Amazon SES, MailerSend, Postal, SendGrid) take mail by SMTP.
SERVICES = frozenset(
    {"brevo", "mailgun", "mailjet", "mailtrap", "mandrill", "postmark", "resend"}
    | {"scaleway", "sparkpost", "unisender_go"}
)


class OAuth2(BaseModel):
    """How to get an access token for SMTP (XOAUTH2): the client's own, or by a refresh token."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    token_url: Annotated[str, Field(pattern=r"^https://\S+$")]
    client_id: str
    client_secret: str = ""
    refresh_token: str = ""
    scope: str = ""


class Provider(BaseModel):
    """One way out: a relay that speaks SMTP, or a service that django-anymail knows."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    # No dot: where rates and bounds are named, a domain has one.
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
    url: str
    options: dict[str, str] = {}  # anymail's own settings for this service, keys for example
    oauth2: OAuth2 | None = None
    # A service that drops a second mail with the same key for so long; the key is the Message-ID.
    idempotency_header: Annotated[str, Field(pattern=r"^([A-Za-z][A-Za-z0-9-]*)?$")] = ""
    idempotency_hours: Annotated[int, Field(ge=0, le=7 * 24)] = 0

    @field_validator("url")
    @classmethod
    def leads_somewhere_safe(cls, value: str) -> str:
        return safe_url(value)

    @model_validator(mode="after")
    def fits_together(self) -> "Provider":
        if bool(self.idempotency_header) != bool(self.idempotency_hours):
            raise ValueError("give idempotency_header and idempotency_hours, or neither")
        if self.oauth2 and (self.service or not self.user):
            raise ValueError("oauth2 is for SMTP, with the user in the url: smtps://user@host")
        if self.options and not self.service:
            raise ValueError("options are for anymail://, not for SMTP")
        return self

    @property
    def service(self) -> str:
        """The service's name in django-anymail; empty for a relay that speaks SMTP."""
        return self._parts.netloc if self._parts.scheme == ANYMAIL else ""

    @property
    def repeats(self) -> timedelta | None:
        """For how long a second copy of a mail does no harm; None if it would."""
        return timedelta(hours=self.idempotency_hours) if self.idempotency_hours else None

    @property
    def host(self) -> str:
        return self._parts.hostname or ""

    @property
    def port(self) -> int:
        return self._parts.port or SMTP_SCHEMES[self._parts.scheme]

    @property
    def encryption(self) -> str:
        """ "none", "starttls" or "tls"."""
        return {"smtps": "tls", "smtp+starttls": "starttls"}.get(self._parts.scheme, "none")

    @property
    def user(self) -> str:
        return unquote(self._parts.username or "")

    @property
    def password(self) -> str:
        return unquote(self._parts.password or "")

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)


def safe_url(value: str) -> str:
    """The address of a provider if mail to it cannot be read on its way. Raises `ValueError`."""
    url = urlsplit(value)
    if url.scheme == ANYMAIL:
        if url.netloc not in SERVICES:
            raise ValueError(f"anymail:// takes one of: {', '.join(sorted(SERVICES))}")
        return value
    if url.scheme not in SMTP_SCHEMES or not url.hostname:
        raise ValueError(
            "use smtps://, smtp+starttls:// or smtp:// with [user:password@]host, "
            "or anymail://service"
        )
    if url.scheme == "smtp" and not is_near(url.hostname):
        raise ValueError(
            "smtp:// is not encrypted and only for a relay beside this process; "
            "use smtps:// or smtp+starttls://"
        )
    return value
