"""Sends what is in the outbox of webhooks: `run` returns when nothing is left that may go now.

One thread talks to the database, a few others to the endpoints, so no request stands in a
transaction. Two requests at most are under way to one endpoint: a slow one takes its own two
places, and the others go on.
"""

import json
import time
import uuid
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime

from cms.integrations import delivery, outbound, signing
from cms.integrations.models import WebhookDelivery
from cms.integrations.outbound import Answer

THREADS = 8
FOR_ONE_ENDPOINT = 2
RUN_SECONDS = 45.0  # then somebody else may use this worker; the next ring goes on

Flying = dict["Future[Answer]", WebhookDelivery]


def run_alone(*, seconds: float = RUN_SECONDS) -> None:
    """`run`, unless another process is at it: one slow endpoint must not take up every worker.

    It looks again after it has let go of the lock, for what was announced in between.
    """
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0 and delivery.waiting_endpoints(but=()):
        if not delivery.lock():
            return
        try:
            run(seconds=left)
        finally:
            delivery.unlock()


def run(*, seconds: float = RUN_SECONDS) -> int:
    """Send until nothing waits or the time is over; how many attempts that were."""
    token, flying, attempts = uuid.uuid4(), Flying(), 0
    ends = time.monotonic() + seconds
    with ThreadPoolExecutor(THREADS, thread_name_prefix="webhook") as threads:
        while True:
            if time.monotonic() < ends:
                take_off(threads, flying, token=token)
            if not flying:
                return attempts
            landed, _others = wait(flying, return_when=FIRST_COMPLETED)
            for future in landed:
                delivery.record(flying.pop(future), future.result(), token=token)
                attempts += 1


def take_off(threads: ThreadPoolExecutor, flying: Flying, *, token: uuid.UUID) -> None:
    """Fill the free places, endpoint by endpoint."""
    used = Counter(row.endpoint_id for row in flying.values())
    full = [endpoint for endpoint, count in used.items() if count >= FOR_ONE_ENDPOINT]
    for endpoint in delivery.waiting_endpoints(but=full) if len(flying) < THREADS else ():
        limit = min(FOR_ONE_ENDPOINT - used[endpoint], THREADS - len(flying))
        if limit < 1:
            return
        for row in delivery.claim(endpoint, token=token, limit=limit):
            flying[threads.submit(send, row)] = row


def send(row: WebhookDelivery) -> Answer:
    """One attempt. Runs in a thread and touches no database."""
    body = body_of(row)
    signed = signing.headers(event_id(row), body, nonces=row.endpoint.nonces, now=datetime.now(UTC))
    headers = {"content-type": "application/json", "user-agent": "Rehabit-Webhooks/1", **signed}
    return outbound.post(row.endpoint.url, body.encode(), headers)


def event_id(row: WebhookDelivery) -> str:
    return f"evt_{row.event_id.hex}"


def body_of(row: WebhookDelivery) -> str:
    """The payload as Standard Webhooks lays it out, the same at each attempt."""
    content = {
        "type": row.event.type,
        "timestamp": row.event.occurred_at.isoformat(timespec="milliseconds"),
        "data": row.event.data,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
