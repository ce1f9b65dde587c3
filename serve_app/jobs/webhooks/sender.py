"""Sends webhooks when a job has ended, and reports the outcome of each attempt."""

import asyncio
import json
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpcore
import httpx

from cutout.errors import ValidationError
from cutout.retry_after import retry_after_s
from cutout.service import FetchSpec, WebhookSpec
from fetching.guard import GuardedClient, broken_connection, checked_url
from serve_app.contract.webhook_signature import FIELD, signature, standard
from serve_app.jobs.webhooks.attempts import GONE, Attempt
from serve_app.settings import VERSION

ANSWER_BYTES = 64 * 1024
"""Largest response of a receiver that is read; its content is discarded."""


def receivers(spec: WebhookSpec) -> GuardedClient:
    """The client for addresses of receivers."""
    return GuardedClient(FIELD, FetchSpec(allowed_hosts=spec.allowed_hosts, read_s=spec.total_s))


class Sender:
    """Sends webhooks; one for a process. `client` is of the tests' own where given."""

    def __init__(self, spec: WebhookSpec, client: GuardedClient | None = None) -> None:
        self._total_s = spec.total_s
        self._client = client or receivers(spec)

    async def send(self, url: str, secret: str | None, message_id: str, payload: Mapping[str, Any]) -> Attempt:
        """Send a payload once. Without a secret it is sent unsigned, and its `signature` is null."""
        body = await asyncio.to_thread(_body, payload, secret)
        status: int | None = None
        wait_s: float | None = None
        try:
            async with asyncio.timeout(self._total_s):
                target = checked_url(url, FIELD)
                async with self._client.stream("POST", target, _headers(message_id, secret, body), body) as answer:
                    status, wait_s = answer.status, retry_after_s(httpx.Headers(answer.headers).get("Retry-After"))
                    await _read(answer)
            reason = _refusal(status)
        except ValidationError:
            reason = "Its host has no public address"
        except TimeoutError:
            reason = f"It took longer than {self._total_s:g} s"
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError) as broken:
            reason = _reason(broken)
        except _TooLong:
            reason = f"Its answer was longer than {ANSWER_BYTES // 1024} KiB"
        return Attempt(time.time(), status, reason, wait_s if reason else None)

    async def close(self) -> None:
        """Close what is still open."""
        await self._client.close()


class _TooLong(Exception):
    pass


def _body(payload: Mapping[str, Any], secret: str | None) -> bytes:
    signed = {**payload, "signature": signature(payload, secret) if secret else None}
    return json.dumps(signed, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _headers(message_id: str, secret: str | None, body: bytes) -> dict[str, str]:
    now = datetime.now(UTC)
    headers = {
        "User-Agent": f"cutout-shotgun/{VERSION}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
    }
    if secret:
        headers["webhook-signature"] = standard(secret).sign(message_id, now, body.decode())
    return headers


async def _read(answer: httpcore.Response) -> None:
    """Read the response to its end: a receiver that closes the connection early has not accepted the message."""
    size = 0
    async for chunk in answer.aiter_stream():
        size += len(chunk)
        if size > ANSWER_BYTES:
            raise _TooLong


def _refusal(status: int) -> str | None:
    if 200 <= status <= 299:
        return None
    if 300 <= status <= 399:
        return f"It answered with a redirect ({status}), and redirects are not followed"
    if status == GONE:
        return "It answered with status 410 (Gone), and is not tried again"
    return f"It answered with status {status}"


def _reason(broken: Exception) -> str:
    timed_out = isinstance(broken, httpcore.TimeoutException)
    reason = "its host did not answer in time" if timed_out else broken_connection(broken)
    return reason[0].upper() + reason[1:]
