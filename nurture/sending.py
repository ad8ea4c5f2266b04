"""Handing messages to the relay over several connections, with one fence for all that stand ready.

Each connection brings its message to the relay's 354 and waits. One committed transaction then
writes the outcomes of the last messages and fences those that wait; only after it do the bodies
leave. So many mails share a commit, and a killed process leaves at most one mail per connection
in doubt. While the database commits, the other conversations go on; while the relay thinks, no
transaction is open and no row is locked.
"""

import logging
import math
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Collection, Iterator
from typing import TypeAlias

from django.conf import settings
from django.utils import timezone

from nurture import brake, lateness, outbox, pace, routing
from nurture.domain import retry
from nurture.domain.retry import Answer, Verdict
from nurture.domain.states import TRANSACTIONAL, MessageKind, MessageState, Reason
from nurture.mail.compose import CannotCompose, Envelope, envelope
from nurture.mail.service import ServiceConnection
from nurture.mail.smtp import Away, Connection, Receipt
from nurture.mail.turns import Gate, Turns
from nurture.models import Message
from nurture.outbox import Outcome, Way, Writing
from nurture.plans import Plans
from nurture.routing import Route

log = logging.getLogger(__name__)

AnyConnection: TypeAlias = Connection | ServiceConnection

# So many mails are claimed at once, and for each connection at least so many: at the end of a batch
# connections stand idle until the last one has its answer.
BATCH = 500
MAILS_A_CONNECTION = 16
PROGRAMME = frozenset({MessageKind.PROGRAMME})
LEAST_WAIT_SECONDS = 1.0
# Who stands at the fence waits so long for others to come: one commit for all costs less.
GATHER_SECONDS = 0.004
# An outcome waits so long for a commit that somebody else needs.
UNWRITTEN_SECONDS = 0.1
# If for so long nobody says anything, the relay is slow: what there is to write is written now, or
# those who come to the fence next would have to wait for it.
LULL_SECONDS = 0.001
# After so many lost answers without any other between them, a provider counts as away.
LOST_IN_A_ROW = 5
# What is not begun by then is given back, long before its lease ends.
BEGIN_WITHIN_SECONDS = outbox.LEASE.total_seconds() / 2


def send_claimed(kinds: Collection[MessageKind], *, limit: int = 10_000) -> int:
    """Send what may go now, up to `limit` messages; how many were taken in hand.

    Returns early when no provider takes mail: what was claimed and not tried is then given back.
    """
    if brake.is_on():
        return 0
    sender = Sender(kinds, limit=limit)
    sender.run()
    pace.done()
    return sender.taken


class Sender:
    """Takes batch after batch until nothing is left, over connections that it keeps."""

    def __init__(self, kinds: Collection[MessageKind], *, limit: int) -> None:
        self.taken = 0
        self._kinds = kinds
        self._limit = limit
        self._plans = Plans()
        self._turns = Turns()
        self._idle: list[AnyConnection] = []  # all to the same provider

    def run(self) -> None:
        try:
            while delivery := self._next():
                delivery.run()
                delivery.route.went(reached=delivery.reached, outage=delivery.outage)
            self._say_goodbye()
        finally:
            self._turns.close()
            for connection in self._idle:
                connection.drop()

    def _next(self) -> "Delivery | None":
        """The next claimed batch; None when there is none, or no provider to take it."""
        if self.taken >= self._limit:
            return None
        route = routing.choose(self._kinds)
        if route and (delivery := self._by(route)):
            return delivery
        repeats = (self._by(other, repeats_only=True) for other in routing.for_repeats(route))
        return next(filter(None, repeats), None)

    def _by(self, route: Route, *, repeats_only: bool = False) -> "Delivery | None":
        token = uuid.uuid4()
        batch = outbox.claim(
            self._kinds,
            token=token,
            limit=min(1 if route.is_probe else batch_size(), self._limit - self.taken),
            provider=route.provider.name,
            repeats_only=repeats_only,
        )
        if route.is_probe and batch and not route.begin():  # somebody else tries it
            outbox.release(batch, token=token)
            return None
        self.taken += len(batch)
        if not batch:
            return None
        if self._idle and self._idle[0].provider != route.provider:
            self._say_goodbye()
        return Delivery(
            batch,
            route=route,
            token=token,
            plans=self._plans,
            turns=self._turns,
            idle=self._idle,
        )

    def _say_goodbye(self) -> None:
        for connection in self._idle:
            self._turns.start(connection.quit())
        while self._turns.going_on:
            self._turns.turn(math.inf)
        self._idle.clear()


def batch_size() -> int:
    return max(BATCH, MAILS_A_CONNECTION * settings.SMTP_CONNECTIONS)


class Delivery:
    """One claimed batch on its way. Every row ends with an outcome, or given back, or not ours."""

    def __init__(
        self,
        batch: list[Message],
        *,
        route: Route,
        token: uuid.UUID,
        plans: Plans,
        turns: Turns,
        idle: list[AnyConnection],
    ) -> None:
        self.route = route
        self.reached = False  # whether it has given an answer to a mail
        self.outage: Answer | None = None
        self._lost = 0
        repeats = route.provider.repeats
        self._way = Way(route.provider.name, repeats, timezone.now() if repeats else None)
        self._token = token
        self._plans = plans
        self._turns = turns
        self._idle = idle
        self._used: set[AnyConnection] = set()
        self._outcomes: list[Outcome] = []
        self._at_the_fence: list[tuple[Message, Gate]] = []
        self._written: list[Outcome] = []
        self._fenced: list[tuple[Message, Gate]] = []
        self._writing: Writing | None = None
        self._commit_at = math.inf
        self._asked_to_slow_down: list[str] = []
        self._until = time.monotonic() + BEGIN_WITHIN_SECONDS
        self._todo = deque(self._paced(self._in_hours(list(self._allowed(batch)))))

    def run(self) -> None:
        try:
            for _connection in range(min(settings.SMTP_CONNECTIONS, len(self._todo))):
                self._turns.start(self._deliver())
            while self._turns.going_on:
                heard = self._turns.turn(self._patience())
                if self._writing and (heard or self._has_come_back(self._writing)):
                    self._let_through(self._writing)
                if not self._writing and self._is_time_to_write():
                    self._write_down()
            self._write_all_down()
        except BaseException:
            for connection in self._used:
                connection.drop()
            self._turns.watch(None)
            raise
        finally:
            outbox.release(self._todo, token=self._token)

    def _patience(self) -> float:
        """How long there is nothing to do here, if nobody says anything."""
        if self._writing:
            return 0.0 if self._has_come_back(self._writing) else math.inf
        if not (self._outcomes or self._at_the_fence):
            return math.inf
        return min(max(self._commit_at - time.monotonic(), 0.0), LULL_SECONDS)

    def _is_time_to_write(self) -> bool:
        late = time.monotonic() >= self._commit_at
        return late or self._all_wait() or not self._turns.stirred

    def _has_come_back(self, writing: Writing) -> bool:
        return writing.trip is None or writing.trip.ended

    def _all_wait(self) -> bool:
        return len(self._at_the_fence) == self._turns.going_on

    def _allowed(self, batch: list[Message]) -> Iterator[Message]:
        """Those that may leave as things stand, so that a refusal at the fence is rare."""
        allowed = outbox.may_leave(batch, token=self._token)
        for message in batch:
            if message.pk in allowed:
                yield message
            elif verdict := outbox.why_not(message, token=self._token):
                self._record(message, verdict)

    def _in_hours(self, messages: list[Message]) -> list[Message]:
        """Without those that are late, and whose people want no mail at this hour."""
        now = timezone.now()
        later = lateness.later(messages, self._plans, now=now)
        for moment, late in later.items():
            seconds = (moment - now).total_seconds()
            outbox.put_off(late, token=self._token, seconds=seconds, reason=Reason.OUT_OF_HOURS)
        waiting = {message.pk for late in later.values() for message in late}
        return [message for message in messages if message.pk not in waiting]

    def _paced(self, messages: list[Message]) -> Iterator[Message]:
        """Those for which there is room now; a signup is never put off."""
        waiting: dict[str, list[Message]] = defaultdict(list)
        for message in messages:
            waiting[pace.domain_of(message.address)].append(message)
        wanted = {domain: len(mails) for domain, mails in waiting.items()}
        grants = pace.take(wanted, provider=self.route.provider.name)
        for domain, mails in waiting.items():
            first = [row for row in mails if row.kind in TRANSACTIONAL]
            others = [row for row in mails if row.kind not in TRANSACTIONAL]
            room = max(grants[domain].mails - len(first), 0)
            yield from (*first, *others[:room])
            if others[room:]:
                wait = max(grants[domain].wait, LEAST_WAIT_SECONDS)
                outbox.put_off(others[room:], token=self._token, seconds=wait, reason=Reason.PACED)

    async def _deliver(self) -> None:
        """One connection's work: message after message, while there are any and a relay."""
        connection = self._idle.pop() if self._idle else None
        while self._todo and self.outage is None and time.monotonic() < self._until:
            message = self._todo.popleft()
            prepared = self._composed(message)
            if prepared is None:
                continue
            try:
                connection = await self._converse(message, prepared, connection)
            except Away as away:
                log.warning("%s takes no mail: %s", self.route.provider.name, away)
                self._give_up(message, away.answer)
                break
        if connection is not None and connection.open:
            self._idle.append(connection)

    async def _connection(self, kept: AnyConnection | None) -> AnyConnection:
        """Raises `Away`."""
        if kept is None or not kept.open:
            provider = self.route.provider
            way = ServiceConnection if provider.service else Connection
            kept = await way.to(provider, self._turns)
        self._used.add(kept)
        return kept

    def _composed(self, message: Message) -> Envelope | None:
        if message.repeat_until is None:
            message.composed_at = self._way.composed_at
        try:
            prepared = self.route.marked(envelope(message), message)
        except CannotCompose as error:
            log.warning("message %s cannot be composed: %s", message.public_id, error)
            self._record(message, Verdict(MessageState.FAILED, Reason.CANNOT_COMPOSE))
            return None
        if message.repeat_until and message.fingerprint not in {"", prepared.fingerprint}:
            # Another name, say: to the provider it would be another mail.
            self._record(message, retry.FINAL[Answer.LOST])
            return None
        return prepared

    async def _converse(
        self, message: Message, prepared: Envelope, kept: AnyConnection | None
    ) -> AnyConnection:
        """One message through to its outcome, and the connection that it took. Raises `Away`."""
        connection = await self._connection(kept)
        receipt = await connection.ask(prepared)
        if connection is kept and receipt and receipt.answer is Answer.AWAY:
            # Relays close a connection that has carried enough. Nothing has left: a new one, once.
            connection = await self._connection(None)
            receipt = await connection.ask(prepared)
        if receipt is None:
            if not await self._fence(message):
                connection.drop()
                self._refuse(message)
                return connection
            receipt = await connection.hand_over(prepared)
        self._take_down(message, prepared, receipt)
        return connection

    def _take_down(self, message: Message, prepared: Envelope, receipt: Receipt) -> None:
        if receipt.code in pace.SLOW_DOWN:
            who = self.route.provider.name if receipt.code == pace.TOO_MANY else ""
            self._asked_to_slow_down.append(who or pace.domain_of(message.address))
        if receipt.answer in retry.OUTAGES:
            self._give_up(message, receipt.answer, code=receipt.code)
            return
        self._count_lost(receipt.answer)
        verdict = retry.decide(
            receipt.answer,
            attempts=message.attempts + 1,
            repeats=self._way.repeats is not None,
        )
        self._record(message, verdict, code=receipt.code, fingerprint=prepared.fingerprint)

    def _count_lost(self, answer: Answer) -> None:
        """One lost answer is an accident. Many in a row would put a whole batch in doubt."""
        if answer is not Answer.LOST:
            self.reached, self._lost = True, 0
            return
        self._lost += 1
        too_many = 1 if self.route.is_probe else LOST_IN_A_ROW
        if self._lost >= too_many and self.outage is None:
            self.outage = Answer.LOST

    def _give_up(self, message: Message, answer: Answer, *, code: int | None = None) -> None:
        """The provider is away for all: this message waits, and the others are given back."""
        self.outage = answer
        elsewhere = message.kind in TRANSACTIONAL and len(settings.MAIL_PROVIDERS) > 1
        self._record(message, retry.outage(answer, at_once=elsewhere), code=code)

    def _record(
        self, message: Message, verdict: Verdict, *, code: int | None = None, fingerprint: str = ""
    ) -> None:
        if message.repeat_until is not None:
            verdict = retry.while_in_doubt(verdict)
        self._outcomes.append(Outcome(message, verdict, code, fingerprint))
        self._write_within(UNWRITTEN_SECONDS)

    def _fence(self, message: Message) -> Gate:
        """Whether the body may leave: asked together with all that stand at the fence by then."""
        gate = Gate()
        self._at_the_fence.append((message, gate))
        self._write_within(GATHER_SECONDS)
        return gate

    def _refuse(self, message: Message) -> None:
        verdict = outbox.why_not(message, token=self._token)
        if verdict is not None:
            self._record(message, verdict)

    def _write_within(self, seconds: float) -> None:
        self._commit_at = min(self._commit_at, time.monotonic() + seconds)

    def _write_down(self) -> None:
        """Begin to commit what has come together: outcomes, and the fence of those that wait.

        Other conversations go on meanwhile. If the database fails, this ends the delivery: what is
        in doubt stays `submitting` for the sweep.
        """
        if not (self._outcomes or self._at_the_fence):
            return
        self._written, self._outcomes = self._outcomes, []
        self._fenced, self._at_the_fence = self._at_the_fence, []
        self._commit_at = math.inf
        self._writing = outbox.write_down(
            self._written,
            [message for message, _gate in self._fenced],
            token=self._token,
            plans=self._plans,
            way=self._way,
        )
        if self._writing.trip:
            self._turns.watch(self._writing.trip.fd)
        for name in self._asked_to_slow_down:  # each such answer counts
            pace.slow_down([name])
        self._asked_to_slow_down.clear()

    def _let_through(self, writing: Writing) -> None:
        """It is committed: the bodies of those that passed the fence leave."""
        self._turns.watch(None)
        self._writing = None
        written = writing.end()
        if written.ours < len(self._written):
            log.warning("%d messages were no longer ours", len(self._written) - written.ours)
        for message, gate in self._fenced:
            self._turns.open(gate, answer=message.pk in written.passed)

    def _write_all_down(self) -> None:
        """Nobody is under way any more, and nobody waits at the fence."""
        while self._writing or self._outcomes:
            if self._writing:
                self._let_through(self._writing)
            self._write_down()
