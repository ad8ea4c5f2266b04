"""Handing mails to a service over HTTP, by django-anymail, in the manner of an SMTP connection.

There is nothing to ask before the body, so the fence comes first and the call is the handing over.
One mail a call: one call for many would have one answer for all, and would leave the values to the
service's own templates (see docs/decisions/0044-services-take-one-mail-a-call.md).
"""

import logging
import sys
import time
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage as Parsed
from ssl import SSLCertVerificationError as CertificateError
from typing import Any, Self

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailInvalidAddress
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives, get_connection
from requests import ConnectionError as NoConnection
from requests import RequestException
from requests.exceptions import ConnectTimeout
from urllib3.exceptions import MaxRetryError, NewConnectionError, SSLError

from nurture.domain.provider import Provider
from nurture.domain.retry import Answer
from nurture.mail.compose import Envelope
from nurture.mail.smtp import Away, Receipt
from nurture.mail.turns import Turns, elsewhere

log = logging.getLogger(__name__)

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 60.0
CALL_SECONDS = 90.0  # a host with several addresses that do not answer takes longer to connect
# What describes the parts, what anymail wants said in another way, and what the service says
# itself: it writes the mail anew, so a signature of ours would be a wrong one.
NOT_HEADERS = frozenset(
    {"from", "to", "subject", "date", "mime-version", "content-type", "content-transfer-encoding"}
    | {"dkim-signature"}
)
STATUS = {
    "sent": Answer.ACCEPTED,
    "queued": Answer.ACCEPTED,
    "invalid": Answer.BAD_RECIPIENT,
    "rejected": Answer.BAD_RECIPIENT,
    "failed": Answer.BAD_MESSAGE,
}
# Nobody is followed. Where a service has no such switch for a mail, it is off in the account.
NO_TRACKING = (("track_opens", False), ("track_clicks", False))
NOTHING_YET = Envelope("", "", b"")
TOO_LARGE, TOO_MANY = 413, 429
# The service has not made up its mind: it timed out itself, or the same mail is on its way.
IN_DOUBT = frozenset({408, 409})
REFUSED, BROKEN = 400, 500
REFUSALS = {TOO_MANY: Answer.LATER, TOO_LARGE: Answer.BAD_MESSAGE}


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
        except (AnymailError, ImproperlyConfigured, ImportError) as error:
            raise Away(Answer.NOT_US, str(error).partition("\n")[0]) from error
        return cls(provider, session, turns)

    async def ask(self, envelope: Envelope) -> Receipt | None:
        self._envelope = envelope
        return None

    async def hand_over(self, _envelope: Envelope) -> Receipt:
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
        for name, value in (*NO_TRACKING, ("metadata", {"message": self._envelope.reference})):
            if can_say(self._backend, name):
                setattr(mail, name, value)
        if header := self.provider.idempotency_header:
            self._backend.session.headers[header] = mail.extra_headers["Message-ID"]
        try:
            self._backend.send_messages([mail])
        except AnymailError as error:
            log.warning("%s: %s", self.provider.name, type(error).__name__)
            return receipt_of(error)
        except Exception as error:  # noqa: BLE001 - nobody knows how far it came
            log.error("%s: %s", self.provider.name, type(error).__name__)  # noqa: TRY400 - no text
            return Receipt(Answer.LOST)
        said: Any = getattr(mail, "anymail_status")  # noqa: B009 - set by anymail
        answer = STATUS.get("".join(said.status or ()), Answer.LOST)
        return Receipt(answer, getattr(said.esp_response, "status_code", None))

    def drop(self) -> None:
        self.open = False
        with suppress(RequestException):
            self._backend.close()

    async def quit(self) -> None:
        self.drop()


def backend(provider: Provider) -> Any:
    """Anymail's back end, with the keys of this provider. Raises `AnymailError`,
    `ImproperlyConfigured`, `ImportError`.
    """
    prefix = f"{provider.service}_".upper()
    options: dict[str, Any] = {
        name.removeprefix(prefix).lower(): value for name, value in provider.options.items()
    }
    return get_connection(
        f"anymail.backends.{provider.service}.EmailBackend",
        ignore_recipient_status=True,
        timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
        **options,
    )


def can_say(backend: Any, name: str) -> bool:
    """Whether anymail has a way to tell this service such a thing; it refuses a mail otherwise."""
    classes = vars(sys.modules[type(backend).__module__]).values()
    return any(f"set_{name}" in vars(one) for one in classes if isinstance(one, type))


def as_django(envelope: Envelope) -> EmailMultiAlternatives:
    """The same mail as anymail takes it."""
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
    return mail


def text_of(parsed: Parsed, kind: str) -> str:
    part = parsed.get_body((kind,))
    return str(part.get_content()) if part else ""


def receipt_of(error: AnymailError) -> Receipt:
    """What a failed call means. Whatever may have reached the service is in doubt.

    A refusal that names no recipient is about us (keys, a sender that it does not know, an account
    that is closed): were it taken to be about the mail, a whole programme would fail by it.
    """
    if never_left(error):
        return Receipt(Answer.AWAY)
    if isinstance(error, AnymailInvalidAddress):
        return Receipt(Answer.BAD_RECIPIENT)
    if not isinstance(error, AnymailAPIError):
        return Receipt(Answer.BAD_MESSAGE)  # anymail itself refuses to build the call
    code = getattr(error, "status_code", None)
    if code is None or code in IN_DOUBT or not REFUSED <= code < BROKEN:
        return Receipt(Answer.LOST, code)
    return Receipt(REFUSALS.get(code, Answer.NOT_US), code)


def never_left(error: BaseException) -> bool:
    """Whether there was no connection at all."""
    cause = error.__cause__
    if isinstance(cause, ConnectTimeout):
        return True
    tried = cause.args[0] if isinstance(cause, NoConnection) and cause.args else None
    reason = tried.reason if isinstance(tried, MaxRetryError) else None
    untrusted = isinstance(reason, SSLError) and isinstance(reason.args[0], CertificateError)
    return untrusted or isinstance(reason, NewConnectionError)
