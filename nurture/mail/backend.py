"""Mails that Django sends (password resets, moderation, tests of a mail, word to staff) by a relay.

Django's own sender logs in by password only and signs nothing. This one does what the programmes'
sender does: an access token where the provider wants one, and our signature.
"""

import smtplib
from base64 import b64encode
from typing import Any

from django.conf import settings
from django.core.mail.backends import smtp

from nurture.domain.provider import OAuth2, Provider
from nurture.mail import oauth, signature
from nurture.mail.login import LOGGED_IN


class Ours:
    """What `smtplib` lacks: passwords beyond ASCII, and our signature in front of the mail."""

    def login(self: Any, user: str, password: str, **given: Any) -> Any:
        self.ehlo_or_helo_if_needed()
        if "PLAIN" not in self.esmtp_features.get("auth", "").upper().split():
            return super().login(user, password, **given)  # type: ignore[misc]
        words = b64encode(f"\0{user}\0{password}".encode()).decode()
        code, explanation = self.docmd("AUTH", f"PLAIN {words}")
        if code != LOGGED_IN:
            raise smtplib.SMTPAuthenticationError(code, explanation)
        return code, explanation

    def sendmail(
        self,
        from_addr: str,
        to_addrs: Any,
        msg: Any,
        mail_options: Any = (),
        rcpt_options: Any = (),
    ) -> Any:
        signer = settings.MAIL_SIGNER
        content = signature.signed(msg, signer) if signer else msg
        send: Any = super()
        return send.sendmail(from_addr, to_addrs, content, mail_options, rcpt_options)


class Plain(Ours, smtplib.SMTP):
    pass


class Encrypted(Ours, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    """By `provider`, or by the first one. Who and where is up to it, so Django's words for that
    (it passes user and password, mostly None) do not count."""

    def __init__(
        self,
        *,
        provider: Provider | None = None,
        fail_silently: bool = False,
        **_who_and_where: object,
    ) -> None:
        self._provider = provider or settings.MAIL_PROVIDERS[0]
        super().__init__(
            fail_silently=fail_silently,
            host=self._provider.host,
            port=self._provider.port,
            username=self._provider.user,
            password=self._provider.password,
            use_tls=self._provider.encryption == "starttls",
            use_ssl=self._provider.encryption == "tls",
        )

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return Encrypted if self.use_ssl else Plain

    def open(self) -> bool | None:
        """Raises `OSError`, unless failing is silent."""
        opened = super().open()
        if opened and self._provider.oauth2:
            try:
                self._log_in(self._provider.oauth2)
            except OSError:
                self.close()
                if not self.fail_silently:
                    raise
                return None
        return opened

    def _log_in(self, client: OAuth2) -> None:
        """A token that is refused before its time is fetched anew, once."""
        connection: Any = self.connection
        connection.ehlo_or_helo_if_needed()
        token = token_for(client)
        try:
            authenticate(connection, self._provider.user, token)
        except smtplib.SMTPAuthenticationError:
            authenticate(connection, self._provider.user, token_for(client, but=token))


def token_for(client: OAuth2, *, but: str = "") -> str:
    """A token; that there is none is told as any other trouble with mail is."""
    try:
        return oauth.access_token_here(client, but=but)
    except oauth.Refused as error:
        raise smtplib.SMTPException(str(error)) from None


def authenticate(connection: smtplib.SMTP, user: str, token: str) -> None:
    """A relay that says no explains itself first, and goes on when that is acknowledged."""

    def answer(explanation: bytes | None = None) -> str:
        return oauth.sasl(user, token) if explanation is None else ""

    connection.auth("XOAUTH2", answer)
