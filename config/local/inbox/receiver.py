"""The SMTP side: takes every mail for everybody."""

from datetime import UTC, datetime

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from config.local import ports
from config.local.inbox.mail import Mail
from config.local.inbox.store import Store

LARGEST_MAIL = 25 * 1024 * 1024


class Receiver:
    """The hook that aiosmtpd calls when a mail has arrived."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.original_content or b""
        mail = Mail(content, recipients=tuple(envelope.rcpt_tos), created=datetime.now(UTC))
        self._store.add(mail)
        return f"250 2.0.0 Kept as {mail.id}"


def listen(store: Store, *, port: int) -> Controller:
    """Listen in a thread of its own until `stop()` is called on what this returns."""
    controller = Controller(
        Receiver(store),
        hostname=ports.LOOPBACK,
        port=port,
        data_size_limit=LARGEST_MAIL,
        enable_SMTPUTF8=True,
        ident="Rehabit inbox",
    )
    controller.start()
    return controller
