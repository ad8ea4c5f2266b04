"""Handing mails to a service over HTTP, by django-anymail, in the manner of an SMTP connection.

There is nothing to ask before the body, so the fence comes first and the call is the handing over.
One mail a call: one call for many would have one answer for all, and would leave the values to the
service's own templates (see docs/decisions/0044-services-take-one-mail-a-call.md).
"""

import logging
import time
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage as Parsed
from typing import Any, Self

from anymail.exceptions import AnymailAPIError, AnymailError
from django.core.mail import EmailMultiAlternatives, get_connection
from requests import ConnectionError as NoConnection
from requests import RequestException
from requests.exceptions import ConnectTimeout
from urllib3.exceptions import MaxRetryError, NewConnectionError

from nurture.domain.provider import Provider
from nurture.domain.retry import Answer
from nurture.mail.compose import Envelope
from nurture.mail.smtp import Away, Receipt
from nurture.mail.turns import Turns, elsewhere

log = logging.getLogger(__name__)

CALL_SECONDS = 60.0
# What describes the parts, and what anymail wants said in another way.
NOT_HEADERS = frozenset(
    {"from", "to", "subject", "mime-version", "content-type", "content-transfer-encoding"}
)
STATUS = {
    "sent": Answer.ACCEPTED,
    "queued": Answer.ACCEPTED,
    "invalid": Answer.BAD_RECIPIENT,
    "rejected": Answer.BAD_RECIPIENT,
    "failed": Answer.BAD_MESSAGE,
}
NOTHING_YET = Envelope("", "", b"")
UNAUTHORISED = frozenset({401, 403})
TOO_MANY = 429


class ServiceConnection:
    """A kept session with a service, for one mail after the other."""

    def __init__(self, provider: Provider, backend: Any, turns: Turns) -> None:
        self.provider = provider
        self.open = True
        self._backend = backend
        self._turns = turns
        self._envelope = NOTHING_YET

    @classmethod
    async def to(cls, provider: Provider, turns: Turns) -> Self:
        """Raises `Away` if the service is one that anymail does not know, or lacks its keys."""
        try:
            session = backend(provider)
            session.open()
        except (AnymailError, ImportError) as error:
            raise Away(Answer.NOT_US, str(error).partition("\n")[0]) from error
        return cls(provider, session, turns)

    async def ask(self, envelope: Envelope) -> Receipt | None:
        self._envelope = envelope
        return None

    async def hand_over(self, _content: bytes) -> Receipt:
        """The call. Only after the fence."""
        deadline = time.monotonic() + CALL_SECONDS
        try:
            return await elsewhere(self._turns, self._call, deadline=deadline)
        except TimeoutError:
            log.warning("%s has not answered", self.provider.name)
            self.drop()
            return Receipt(Answer.LOST)

    def _call(self) -> Receipt:
        """Runs in a thread of its own."""
        mail = as_django(self._envelope)
        if header := self.provider.idempotency_header:
            self._backend.session.headers[header] = mail.extra_headers["Message-ID"]
        try:
            self._backend.send_messages([mail])
        except AnymailError as error:
            log.warning("%s: %s", self.provider.name, type(error).__name__)
            return receipt_of(error)
        status = "".join(getattr(mail, "anymail_status").status or ())  # noqa: B009 - set by anymail
        return Receipt(STATUS.get(status, Answer.LOST))

    def drop(self) -> None:
        self.open = False
        with suppress(RequestException):
            self._backend.close()

    async def quit(self) -> None:
        self.drop()


def backend(provider: Provider) -> Any:
    """Anymail's back end, with the keys of this provider. Raises `AnymailError`, `ImportError`."""
    prefix = f"{provider.service}_".upper()
    options: dict[str, Any] = {
        name.removeprefix(prefix).lower(): value for name, value in provider.options.items()
    }
    return get_connection(
        f"anymail.backends.{provider.service}.EmailBackend",
        ignore_recipient_status=True,
        ignore_unsupported_features=True,
        **options,
    )


def as_django(envelope: Envelope) -> EmailMultiAlternatives:
    """The same mail as anymail takes it. Our id goes along, for the service's reports."""
    parsed: Any = message_from_bytes(envelope.content, policy=policy.default)
    mail = EmailMultiAlternatives(
        subject=str(parsed["Subject"]),
        body=text_of(parsed, "plain"),
        from_email=str(parsed["From"]),
        to=[envelope.recipient],
        headers={
            name: str(value) for name, value in parsed.items() if name.lower() not in NOT_HEADERS
        },
    )
    if html := text_of(parsed, "html"):
        mail.attach_alternative(html, "text/html")
    if envelope.reference:
        mail.metadata = {"message": envelope.reference}  # type: ignore[attr-defined]
    return mail


def text_of(parsed: Parsed, kind: str) -> str:
    part = parsed.get_body((kind,))
    return str(part.get_content()) if part else ""


def receipt_of(error: AnymailError) -> Receipt:
    """What a failed call means. Whatever may have reached the service is in doubt."""
    if never_left(error):
        return Receipt(Answer.AWAY)
    if not isinstance(error, AnymailAPIError):
        return Receipt(Answer.BAD_MESSAGE)  # anymail itself refuses to build the call
    code = getattr(error, "status_code", None)
    if code is None or code >= 500 or code < 400:  # noqa: PLR2004 - HTTP's own classes
        return Receipt(Answer.LOST, code)
    if code in UNAUTHORISED:
        return Receipt(Answer.NOT_US, code)
    return Receipt(Answer.LATER if code == TOO_MANY else Answer.BAD_MESSAGE, code)


def never_left(error: BaseException) -> bool:
    """Whether there was no connection at all."""
    cause = error.__cause__
    if isinstance(cause, ConnectTimeout):
        return True
    reason = cause.args[0] if isinstance(cause, NoConnection) and cause.args else None
    return isinstance(reason, MaxRetryError) and isinstance(reason.reason, NewConnectionError)
