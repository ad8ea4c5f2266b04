"""Handing messages to the relay over several connections, with one fence for all that stand ready.

Each connection brings its message to the relay's 354 and waits. One committed transaction then
writes the outcomes of the last messages and fences those that wait; only after it do the bodies
leave. So many mails share a commit, and a killed process leaves at most one mail per connection
in doubt. No transaction is open and no row is locked while the relay thinks.
"""

import asyncio
import logging
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.db import transaction

from nurture import brake, outbox, pace
from nurture.domain import retry
from nurture.domain.retry import Answer, Verdict
from nurture.domain.states import TRANSACTIONAL, MessageKind, MessageState, Reason
from nurture.mail.compose import CannotCompose, Envelope, envelope
from nurture.mail.smtp import Away, Connection, Relay
from nurture.models import Message
from nurture.outbox import Outcome
from nurture.plans import Plans

log = logging.getLogger(__name__)

BATCH = 200
PROGRAMME = frozenset({MessageKind.PROGRAMME})
LEAST_WAIT_SECONDS = 1.0
# A commit waits so long for others to join it: it costs far more than that.
GATHER_SECONDS = 0.001
# What is not begun by then is given back, long before its lease ends.
BEGIN_WITHIN_SECONDS = outbox.LEASE.total_seconds() / 2


def send_claimed(kinds: Collection[MessageKind], *, limit: int = 10_000) -> int:
    """Send what may go now, up to `limit` messages; how many were taken in hand.

    Returns early when the relay is away: what was claimed and not tried is then given back.
    """
    if brake.is_on():
        return 0
    sender = Sender(kinds, limit=limit)
    async_to_sync(sender.run)()
    pace.done()
    return sender.taken


class Sender:
    """Takes batch after batch until nothing is left, over connections that it keeps."""

    def __init__(self, kinds: Collection[MessageKind], *, limit: int) -> None:
        self.taken = 0
        self._kinds = kinds
        self._limit = limit
        self._plans = Plans()
        self._idle: list[Connection] = []

    async def run(self) -> None:
        try:
            while delivery := await sync_to_async(self._next)():
                await delivery.run()
                if delivery.outage is not None:
                    break
        finally:
            for connection in self._idle:
                await connection.quit()

    def _next(self) -> "Delivery | None":
        """The next claimed batch, composed; None when there is none."""
        token = uuid.uuid4()
        limit = min(BATCH, self._limit - self.taken)
        batch = outbox.claim(self._kinds, token=token, limit=limit) if limit else []
        self.taken += len(batch)
        if not batch:
            return None
        return Delivery(batch, token=token, plans=self._plans, idle=self._idle)


class Delivery:
    """One claimed batch on its way. Every row ends with an outcome, or given back, or not ours."""

    def __init__(
        self,
        batch: list[Message],
        *,
        token: uuid.UUID,
        plans: Plans,
        idle: list[Connection],
    ) -> None:
        self.outage: Answer | None = None
        self._token = token
        self._plans = plans
        self._idle = idle
        self._outcomes: list[Outcome] = []
        self._at_the_fence: list[tuple[Message, asyncio.Future[bool]]] = []
        self._news = asyncio.Event()
        self._over = False
        self._until = time.monotonic() + BEGIN_WITHIN_SECONDS
        self._todo = deque(self._composed(self._paced(list(self._allowed(batch)))))

    async def run(self) -> None:
        connections = min(settings.SMTP_CONNECTIONS, len(self._todo))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write_down())
                async with asyncio.TaskGroup() as senders:
                    for _connection in range(connections):
                        senders.create_task(self._deliver())
                self._over = True
                self._news.set()
        finally:
            left = [message for message, _envelope in self._todo]
            await sync_to_async(outbox.release)(left, token=self._token)

    def _allowed(self, batch: list[Message]) -> Iterator[Message]:
        """Those that may leave as things stand, so that a refusal at the fence is rare."""
        allowed = outbox.may_leave(batch, token=self._token)
        for message in batch:
            if message.pk in allowed:
                yield message
            elif verdict := outbox.why_not(message, token=self._token):
                self._record(message, verdict)

    def _paced(self, messages: list[Message]) -> Iterator[Message]:
        """Those for which there is room now; a signup is never put off."""
        waiting: dict[str, list[Message]] = defaultdict(list)
        for message in messages:
            waiting[pace.domain_of(message.address)].append(message)
        grants = pace.take({domain: len(mails) for domain, mails in waiting.items()})
        for domain, mails in waiting.items():
            first = [row for row in mails if row.kind in TRANSACTIONAL]
            others = [row for row in mails if row.kind not in TRANSACTIONAL]
            room = max(grants[domain].mails - len(first), 0)
            yield from (*first, *others[:room])
            if others[room:]:
                wait = max(grants[domain].wait, LEAST_WAIT_SECONDS)
                outbox.put_off(others[room:], token=self._token, seconds=wait)

    def _composed(self, messages: Iterable[Message]) -> Iterator[tuple[Message, Envelope]]:
        for message in messages:
            try:
                yield message, envelope(message)
            except CannotCompose as error:
                log.warning("message %s cannot be composed: %s", message.public_id, error)
                self._record(message, Verdict(MessageState.FAILED, Reason.CANNOT_COMPOSE))

    async def _deliver(self) -> None:
        """One connection's work: message after message, while there are any and a relay."""
        connection = self._idle.pop() if self._idle else None
        while self._todo and self.outage is None and time.monotonic() < self._until:
            message, prepared = self._todo.popleft()
            try:
                connection = connection if connection and connection.open else await connect()
            except Away as away:
                log.warning("the relay takes no mail: %s", away)
                self._give_up(message, away.answer)
                break
            await self._converse(message, prepared, connection)
        if connection is not None and connection.open:
            self._idle.append(connection)

    async def _converse(self, message: Message, prepared: Envelope, connection: Connection) -> None:
        """One message through to its outcome."""
        receipt = await connection.ask(prepared)
        if receipt is None:
            if not await self._fence(message):
                connection.drop()
                await self._refuse(message)
                return
            receipt = await connection.hand_over(prepared.content)
        if receipt.code in pace.SLOW_DOWN:
            await sync_to_async(pace.slow_down)([pace.domain_of(message.address)])
        if receipt.answer in retry.OUTAGES:
            self._give_up(message, receipt.answer, code=receipt.code)
            return
        verdict = retry.decide(receipt.answer, attempts=message.attempts + 1)
        self._record(message, verdict, code=receipt.code, fingerprint=prepared.fingerprint)

    def _give_up(self, message: Message, answer: Answer, *, code: int | None = None) -> None:
        """The relay is away for all: this message waits, and the others are given back."""
        self.outage = answer
        self._record(message, retry.OUTAGES[answer], code=code)

    def _record(
        self, message: Message, verdict: Verdict, *, code: int | None = None, fingerprint: str = ""
    ) -> None:
        self._outcomes.append(Outcome(message, verdict, code, fingerprint))
        self._news.set()

    async def _fence(self, message: Message) -> bool:
        """Whether the body may leave: asked together with all that stand at the fence by then."""
        passed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._at_the_fence.append((message, passed))
        self._news.set()
        return await passed

    async def _refuse(self, message: Message) -> None:
        verdict = await sync_to_async(outbox.why_not)(message, token=self._token)
        if verdict is not None:
            self._record(message, verdict)

    async def _write_down(self) -> None:
        """Commit what has come together: outcomes, and the fence of those that wait.

        While one commit runs the next one gathers, so a slow disk makes larger commits. If the
        database fails, this ends the delivery: what is in doubt stays `submitting` for the sweep.
        """
        while self._outcomes or self._at_the_fence or not self._over:
            await self._news.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._news.clear()
            outcomes, self._outcomes = self._outcomes, []
            waiting, self._at_the_fence = self._at_the_fence, []
            passed = await sync_to_async(self._commit)(outcomes, [row for row, _ in waiting])
            for message, future in waiting:
                future.set_result(message.pk in passed)

    @transaction.atomic
    def _commit(self, outcomes: list[Outcome], waiting: list[Message]) -> set[int]:
        ours = outbox.record(outcomes, token=self._token, plans=self._plans)
        if ours < len(outcomes):
            log.warning("%d messages were no longer ours", len(outcomes) - ours)
        return outbox.fence(waiting, token=self._token) if waiting else set()


async def connect() -> Connection:
    """Raises `Away`."""
    return await Connection.to(relay())


def relay() -> Relay:
    """The relay of the settings."""
    encryption = "tls" if settings.EMAIL_USE_SSL else "none"
    return Relay(
        host=settings.EMAIL_HOST or "",
        port=settings.EMAIL_PORT,
        encryption="starttls" if settings.EMAIL_USE_TLS else encryption,
        user=settings.EMAIL_HOST_USER,
        password=settings.EMAIL_HOST_PASSWORD,
    )
